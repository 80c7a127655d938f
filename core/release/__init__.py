"""May a synthetic set be released? A battery of attacks, one verdict, the people at risk, a dossier."""
