"""The rules as data (YAML) and the register as tables (CSV): schemas and strict loaders."""
