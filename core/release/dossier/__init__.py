"""The dossier of a release: what a data office reads, signs, keeps, and has checked."""
