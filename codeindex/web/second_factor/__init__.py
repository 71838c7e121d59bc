"""The pages of the second factor, and the middleware that requires one."""
