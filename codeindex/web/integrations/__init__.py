"""Pages and REST of what connects codeindex with code hosts."""
