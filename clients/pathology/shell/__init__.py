"""The window of the workstation: log-in, menus, tool bar, case list, links, tabs."""
