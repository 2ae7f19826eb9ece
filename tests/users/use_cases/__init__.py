"""The use cases of users, as the fault matrix calls them: one module for each subject."""
