"""Records of other registries into the database: read, matched, compared; never over what a curator wrote."""
