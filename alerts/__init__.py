"""From a finding to a person: alerts with a life cycle, supervision cases, notices and their delivery (R15 to R19)."""
