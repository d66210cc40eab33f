//! The eleven ways to share a conversion among the touches before it, in one table, from which parser, page and API come.

/// A way to share.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Model {
    /// All to the first touch.
    First,
    /// All to the last.
    Last,
    /// All to the last that isn't direct; to the last where all are.
    LastNonDirect,
    /// All to the first that isn't direct; to the first where all are.
    FirstNonDirect,
    /// The same to each.
    Linear,
    /// The same to each that was paid for; to each where none was.
    LinearPaid,
    /// 40 % to the first and the last, 20 % among those between.
    UShaped,
    /// 30 % to the first, the last and the one that made a lead, 10 % among the others.
    WShaped,
    /// Half as much for every half-life that lies between the touch and the conversion.
    TimeDecay,
    /// By how many conversions would be missing without it.
    Markov,
    /// By what it adds to every set of others: the same to each of a journey's different ones.
    Shapley,
}

/// What is said of a model.
#[derive(Debug)]
pub struct About {
    /// Which.
    pub model: Model,
    /// As it stands in addresses and JSON.
    pub name: &'static str,
    /// As people read it.
    pub label: &'static str,
    /// How it shares.
    pub how: &'static str,
    /// The same as a formula: n touches, the i-th a time t_i before the conversion.
    pub formula: &'static str,
}

/// How many there are.
pub const MODELS: usize = 11;

/// All of them.
pub const ALL: [About; MODELS] = [
    About {
        model: Model::First,
        name: "first",
        label: "First touch",
        how: "All to the first visit.",
        formula: "1 to i = 1",
    },
    About {
        model: Model::Last,
        name: "last",
        label: "Last touch",
        how: "All to the last visit.",
        formula: "1 to i = n",
    },
    About {
        model: Model::LastNonDirect,
        name: "last_non_direct",
        label: "Last non-direct",
        how: "All to the last visit that isn't direct; to the last where all are.",
        formula: "1 to the greatest i whose channel is not Direct, else to n",
    },
    About {
        model: Model::FirstNonDirect,
        name: "first_non_direct",
        label: "First non-direct",
        how: "All to the first visit that isn't direct; to the first where all are.",
        formula: "1 to the least i whose channel is not Direct, else to 1",
    },
    About {
        model: Model::Linear,
        name: "linear",
        label: "Linear",
        how: "The same to every visit.",
        formula: "1/n each",
    },
    About {
        model: Model::LinearPaid,
        name: "linear_paid",
        label: "Linear, paid",
        how: "The same to every visit that was paid for; to every visit where none was.",
        formula: "1/m to each of the m paid touches; m = 0: 1/n each",
    },
    About {
        model: Model::UShaped,
        name: "u_shaped",
        label: "U-shaped",
        how: "40 % to the first visit, 40 % to the last, 20 % among those between.",
        formula: "n = 1: 1; n = 2: 1/2 each; else 0.4, 0.2/(n−2) each, 0.4",
    },
    About {
        model: Model::WShaped,
        name: "w_shaped",
        label: "W-shaped",
        how: "30 % each to the first visit, the last, and the one in which the lead goal fired; 10 % among the others. Without a \
              lead of its own it is U-shaped.",
        formula: "0.3 to first, lead and last, 0.1/(n−3) to the others; n = 3: 1/3 each; lead = first, last or none: U-shaped",
    },
    About {
        model: Model::TimeDecay,
        name: "time_decay",
        label: "Time decay",
        how: "The closer to the conversion, the more: half as much for every half-life before it.",
        formula: "2^(−t_i/H) / Σ 2^(−t_j/H)",
    },
    About {
        model: Model::Markov,
        name: "markov",
        label: "Markov",
        how: "By how many conversions would be missing if nobody came that way: from how people go on from visit to visit, those \
              who never converted included.",
        formula: "RE_c = 1 − P(conversion without c) / P(conversion); conversions × RE_c / Σ RE",
    },
    About {
        model: Model::Shapley,
        name: "shapley",
        label: "Shapley",
        how: "By what each adds to every set of the others: a conversion is split evenly over the different ones of its journey.",
        formula: "1/k to each of the k different ones",
    },
];

impl Model {
    /// From its name.
    pub fn parse(name: &str) -> Option<Model> {
        let known = ALL.iter().find(|about| about.name == name);
        known.map(|about| about.model)
    }

    /// What is said of it.
    pub fn about(self) -> &'static About {
        &ALL[self as usize]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_stands_at_its_own_place() {
        for (place, about) in ALL.iter().enumerate() {
            assert_eq!(about.model as usize, place);
            assert_eq!(Model::parse(about.name), Some(about.model));
        }
    }
}
