"""How the platform is put into operation: manifests, and the engines it runs on."""
