//! Empty: only the sources of what the manifest names are of interest.
