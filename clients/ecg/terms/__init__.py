"""诊断术语词库: the page that administers the dictionary of diagnostic terms."""
