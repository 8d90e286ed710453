//! Seeded random numbers, the same on every machine with one libm: `exp` and `ln` are its own.

/// xoshiro256++ of Blackman and Vigna, seeded through SplitMix64.
#[derive(Debug, Clone)]
pub struct Random([u64; 4]);

impl Random {
    /// The numbers that belong to a seed.
    pub fn new(seed: i64) -> Self {
        let mut state = seed as u64;
        Self([(); 4].map(|()| {
            state = state.wrapping_add(0x9e37_79b9_7f4a_7c15);
            let mixed = (state ^ (state >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
            let mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
            mixed ^ (mixed >> 31)
        }))
    }

    /// 64 random bits.
    pub fn bits(&mut self) -> u64 {
        let [a, b, c, d] = &mut self.0;
        let result = a.wrapping_add(*d).rotate_left(23).wrapping_add(*a);
        let shifted = *b << 17;
        *c ^= *a;
        *d ^= *b;
        *b ^= *c;
        *a ^= *d;
        *c ^= shifted;
        *d = d.rotate_left(45);
        result
    }

    /// A number from 0 up to, not including, 1.
    pub fn unit(&mut self) -> f64 {
        (self.bits() >> 11) as f64 / (1u64 << 53) as f64
    }

    /// A whole number below `bound`; 0 for 0.
    pub fn below(&mut self, bound: usize) -> usize {
        // The high half of a product: its bias is below 2^-40 for any bound that occurs.
        ((u128::from(self.bits()) * bound as u128) >> 64) as usize
    }

    /// A number of the Poisson distribution with that mean.
    pub fn poisson(&mut self, mean: f64) -> f64 {
        if mean < 10.0 { self.poisson_by_products(mean) } else { self.poisson_by_rejection(mean) }
    }

    /// A number of the gamma distribution with that shape and the scale 1, by Marsaglia and Tsang (2000); 0 for the shape 0.
    pub fn gamma(&mut self, shape: f64) -> f64 {
        if shape <= 0.0 {
            return 0.0;
        }
        if shape < 1.0 {
            let below = 1.0 - self.unit();
            return self.gamma(shape + 1.0) * (below.ln() / shape).exp();
        }
        let d = shape - 1.0 / 3.0;
        let c = 1.0 / (9.0 * d).sqrt();
        loop {
            let x = self.normal();
            let v = (1.0 + c * x).powi(3);
            if v > 0.0 && (1.0 - self.unit()).ln() < 0.5 * x * x + d * (1.0 - v + v.ln()) {
                return d * v;
            }
        }
    }

    /// A number of the standard normal distribution, by Marsaglia's polar method.
    fn normal(&mut self) -> f64 {
        loop {
            let (x, y) = (2.0 * self.unit() - 1.0, 2.0 * self.unit() - 1.0);
            let square = x * x + y * y;
            if square > 0.0 && square < 1.0 {
                return x * (-2.0 * square.ln() / square).sqrt();
            }
        }
    }

    /// Knuth's method: it takes about `mean` numbers.
    fn poisson_by_products(&mut self, mean: f64) -> f64 {
        if mean <= 0.0 {
            return 0.0;
        }
        let limit = (-mean).exp();
        let mut product = self.unit();
        let mut count = 0.0;
        while product > limit {
            product *= self.unit();
            count += 1.0;
        }
        count
    }

    /// Hörmann's transformed rejection (PTRS, 1993).
    fn poisson_by_rejection(&mut self, mean: f64) -> f64 {
        let b = 0.931 + 2.53 * mean.sqrt();
        let a = -0.059 + 0.02483 * b;
        let inverse_alpha = 1.1239 + 1.1328 / (b - 3.4);
        let squeeze = 0.9277 - 3.6224 / (b - 2.0);
        loop {
            let u = self.unit() - 0.5;
            let v = self.unit();
            let us = 0.5 - u.abs();
            let k = ((2.0 * a / us + b) * u + mean + 0.43).floor();
            if us >= 0.07 && v <= squeeze {
                return k;
            }
            if k < 0.0 || (us < 0.013 && v > us) {
                continue;
            }
            if (v * inverse_alpha / (a / (us * us) + b)).ln() <= k * mean.ln() - mean - ln_factorial(k) {
                return k;
            }
        }
    }
}

/// The logarithm of `k!`, by Stirling's series from 10 on.
fn ln_factorial(k: f64) -> f64 {
    if k < 10.0 {
        return (2..=k as u32).map(|i| f64::from(i).ln()).sum();
    }
    let x = k + 1.0;
    let series = 1.0 / 12.0 - (1.0 / 360.0 - 1.0 / 1260.0 / (x * x)) / (x * x);
    (x - 0.5) * x.ln() - x + 0.5 * (2.0 * core::f64::consts::PI).ln() + series / x
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn poisson_has_its_mean_variance_and_skew() {
        for (seed, mean) in (1..).zip([0.0, 0.01, 1.0, 3.5, 9.9, 10.0, 25.0, 400.0, 1e6]) {
            let mut random = Random::new(seed);
            let count = 200_000;
            let drawn: Vec<f64> = (0..count).map(|_| random.poisson(mean)).collect();
            let moment =
                |power: i32, about: f64| drawn.iter().map(|k| (k - about).powi(power)).sum::<f64>() / f64::from(count);
            // Five standard errors of each moment, which are known.
            let near = |found: f64, expected: f64, variance: f64| {
                let allowed = 5.0 * (variance / f64::from(count)).sqrt() + 1e-12;
                assert!((found - expected).abs() <= allowed, "mean {mean}: {found}, not {expected} ± {allowed}");
            };
            near(moment(1, 0.0), mean, mean);
            near(moment(2, mean), mean, mean + 2.0 * mean * mean);
            near(moment(3, mean), mean, mean + 24.0 * mean.powi(2) + 15.0 * mean.powi(3));
            assert!(drawn.iter().all(|k| *k >= 0.0 && k.fract() == 0.0));
        }
    }

    #[test]
    fn gamma_has_its_mean_variance_and_skew() {
        for (seed, shape) in (1..).zip([0.0, 0.02, 0.5, 1.0, 2.7, 30.0, 1e5]) {
            let mut random = Random::new(seed);
            let count = 200_000;
            let drawn: Vec<f64> = (0..count).map(|_| random.gamma(shape)).collect();
            let moment =
                |power: i32, about: f64| drawn.iter().map(|x| (x - about).powi(power)).sum::<f64>() / f64::from(count);
            // Five standard errors of each moment, which are known from the cumulants, shape times a factorial.
            let near = |found: f64, expected: f64, variance: f64| {
                let allowed = 5.0 * (variance / f64::from(count)).sqrt() + 1e-12;
                assert!((found - expected).abs() <= allowed, "shape {shape}: {found}, not {expected} ± {allowed}");
            };
            near(moment(1, 0.0), shape, shape);
            near(moment(2, shape), shape, 6.0 * shape + 2.0 * shape * shape);
            near(moment(3, shape), 2.0 * shape, 120.0 * shape + 126.0 * shape.powi(2) + 15.0 * shape.powi(3));
            assert!(drawn.iter().all(|x| *x >= 0.0 && x.is_finite()));
        }
    }

    #[test]
    fn below_is_uniform() {
        let mut random = Random::new(5);
        let mut counts = [0; 7];
        (0..700_000).for_each(|_| counts[random.below(7)] += 1);
        assert!(counts.iter().all(|count| (98_500..101_500).contains(count)), "{counts:?}");
        assert_eq!(random.below(0), 0);
    }

    #[test]
    fn factorials() {
        let mut sum = 0.0;
        for k in 1..200 {
            sum += f64::from(k).ln();
            assert!((ln_factorial(f64::from(k)) - sum).abs() < 1e-9 * sum.max(1.0), "{k}");
        }
    }
}
