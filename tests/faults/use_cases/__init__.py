"""The use cases of the kernel, as the fault matrix calls them: one module for each subject."""
