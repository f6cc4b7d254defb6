"""The pages of the runner. They work without JavaScript; htmx only saves reloading while one waits."""
