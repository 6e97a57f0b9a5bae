"""What is shipped besides our own code: bill of materials, licences, known vulnerabilities. Made of the lock alone."""
