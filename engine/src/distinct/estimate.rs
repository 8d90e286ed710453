//! How many distinct values made the registers. Only +, -, *, / and square roots: the same bits on every machine.

/// The estimate from how many of all registers hold each rank, from 0 on; the last rank is the largest that there is.
pub fn estimate(counts: &[u32]) -> f64 {
    let registers: f64 = counts.iter().map(|n| f64::from(*n)).sum();
    let ([zero, ranks @ .., last], true) = (counts, registers > 0.0) else { return 0.0 };
    let mut z = registers * tau(1.0 - f64::from(*last) / registers);
    for count in ranks.iter().rev() {
        z = 0.5 * (z + f64::from(*count));
    }
    z += registers * sigma(f64::from(*zero) / registers);
    registers * registers / (2.0 * core::f64::consts::LN_2 * z)
}

/// x + the sum over k from 1 of x^(2^k) 2^(k-1); infinite for x = 1.
fn sigma(mut x: f64) -> f64 {
    if x >= 1.0 {
        return f64::INFINITY;
    }
    let (mut y, mut z) = (1.0, x);
    loop {
        x *= x;
        let before = z;
        z += x * y;
        y += y;
        if z == before {
            return z;
        }
    }
}

/// A third of: 1 - x - the sum over k from 1 of (1 - x^(2^-k))^2 2^-k.
fn tau(mut x: f64) -> f64 {
    if x <= 0.0 || x >= 1.0 {
        return 0.0;
    }
    let (mut y, mut z) = (1.0, 1.0 - x);
    loop {
        x = x.sqrt();
        let before = z;
        y *= 0.5;
        z -= (1.0 - x) * (1.0 - x) * y;
        if z == before {
            return z / 3.0;
        }
    }
}
