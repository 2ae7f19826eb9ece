"""Courses and who is enrolled in them: rules over events of several boundaries."""
