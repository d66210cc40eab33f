//! What is to come, by models of how customers buy and subscribers stay, fitted by maximum likelihood: [`bgnbd`] for repeat
//! purchases, [`gamma_gamma`] for their values, [`sbg`] for subscriptions. Numbers in, numbers out.

pub mod bgnbd;
mod fit;
pub mod gamma_gamma;
pub mod sbg;
#[cfg(test)]
mod tests;
