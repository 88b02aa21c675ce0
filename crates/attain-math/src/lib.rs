//! Numbers without nouns: budgets, burn rates, windows, intervals, sequential tests.
