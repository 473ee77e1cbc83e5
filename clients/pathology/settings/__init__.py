"""系统设置 of the pathology workstation: parameters, libraries, list columns, quick entry, printers, users (PA-SET)."""
