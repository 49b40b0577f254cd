"""Whatever happens at whatever step: one exchange in one process, on the virtual clock, again and again.

    story + conditions ─▶ stage ── subject (the real proxy, or a variant of it) ─▶ what happened ─▶ invariants
                            ▲
    scheduler seed, step k, fault

Nothing is imported here: a child process that explores a mutated copy of the proxy installs its
import hook before anything else of the proxy is loaded.
"""
