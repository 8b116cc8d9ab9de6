//! The hub against a model: who follows what, as a plain list. Random subscribers come, go and
//! listen; what they hear and what the hub counts is what the model says.

use crate::base::glob::{Case, matches};
use crate::pubsub::{Hub, Kind, Message, Subscriber, SubscriberId, Subscriptions, Via};
use parking_lot::Mutex;
use proptest::prelude::*;
use std::collections::BTreeSet;
use std::sync::Arc;

/// What a subscriber has heard, one line a message.
struct Ear {
    id: SubscriberId,
    heard: Mutex<Vec<String>>,
}

fn line(message: Message<'_>) -> String {
    let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
    let via = match message.via {
        Via::Channel => "channel".to_owned(),
        Via::Pattern(pattern) => format!("pattern {}", text(pattern)),
        Via::ShardChannel => "shard".to_owned(),
    };
    format!("{via}: {} {}", text(message.channel), text(message.text))
}

impl Subscriber for Ear {
    type Parcel = String;

    fn pack(message: Message<'_>) -> String {
        line(message)
    }

    fn id(&self) -> SubscriberId {
        self.id
    }

    fn deliver(this: &Arc<Self>, parcel: &String) {
        this.heard.lock().push(parcel.clone());
    }
}

#[derive(Clone, Debug)]
enum Step {
    Follow(usize, Kind, &'static str),
    Leave(usize, Kind, &'static str),
    LeaveAll(usize),
    Remove(usize),
    Publish(&'static str),
    PublishToShard(&'static str),
}

const EARS: usize = 4;
const KINDS: [Kind; 3] = [Kind::Channel, Kind::Pattern, Kind::ShardChannel];
const NAMES: [&str; 6] = ["a", "b", "ab", "a*", "?", "*"];

fn steps() -> impl Strategy<Value = Vec<Step>> {
    let ear = || 0..EARS;
    let kind = || prop::sample::select(KINDS.to_vec());
    let name = || prop::sample::select(NAMES.to_vec());
    let step = prop_oneof![
        4 => (ear(), kind(), name()).prop_map(|(ear, kind, name)| Step::Follow(ear, kind, name)),
        3 => (ear(), kind(), name()).prop_map(|(ear, kind, name)| Step::Leave(ear, kind, name)),
        1 => ear().prop_map(Step::LeaveAll),
        1 => ear().prop_map(Step::Remove),
        4 => name().prop_map(Step::Publish),
        2 => name().prop_map(Step::PublishToShard),
    ];
    prop::collection::vec(step, 1..60)
}

/// Number of the kind, ear, name.
type Followed = BTreeSet<(usize, usize, &'static str)>;

const fn number(kind: Kind) -> usize {
    match kind {
        Kind::Channel => 0,
        Kind::Pattern => 1,
        Kind::ShardChannel => 2,
    }
}

struct Trial {
    hub: Hub<Ear>,
    ears: Vec<(Arc<Ear>, Subscriptions)>,
    model: Followed,
    published: usize,
}

impl Trial {
    fn new() -> Self {
        let ear = |id| Ear { id: SubscriberId(id as u64), heard: Mutex::default() };
        let ears = (0..EARS).map(|id| (Arc::new(ear(id)), Subscriptions::default())).collect();
        Self { hub: Hub::default(), ears, model: Followed::new(), published: 0 }
    }

    fn take(&mut self, step: &Step) {
        match *step {
            Step::Follow(ear, kind, name) => {
                let (who, subscriptions) = &mut self.ears[ear];
                subscriptions.follow(&self.hub, who, kind, name.as_bytes());
                self.model.insert((number(kind), ear, name));
            }
            Step::Leave(ear, kind, name) => {
                let (who, subscriptions) = &mut self.ears[ear];
                subscriptions.leave(&self.hub, &**who, kind, name.as_bytes());
                self.model.remove(&(number(kind), ear, name));
            }
            Step::LeaveAll(ear) => {
                let (who, subscriptions) = &mut self.ears[ear];
                subscriptions.leave_all(&self.hub, &**who);
                self.model.retain(|(_, of, _)| *of != ear);
            }
            Step::Remove(ear) => {
                self.hub.retain(|who| who.id != self.ears[ear].0.id);
                // Nothing is left for it to take out.
                self.take(&Step::LeaveAll(ear));
            }
            Step::Publish(channel) => self.publish(&[Kind::Channel, Kind::Pattern], channel),
            Step::PublishToShard(channel) => self.publish(&[Kind::ShardChannel], channel),
        }
        self.check();
    }

    fn publish(&mut self, kinds: &[Kind], channel: &'static str) {
        self.published += 1;
        let text = self.published.to_string();
        let message =
            |via| line(Message { via, channel: channel.as_bytes(), text: text.as_bytes() });
        let mut expected: Vec<(usize, String)> = Vec::new();
        for kind in kinds {
            let of_kind = self.model.iter().filter(|(it, ..)| *it == number(*kind));
            for (_, ear, name) in of_kind {
                let via = match kind {
                    Kind::Channel if *name == channel => Via::Channel,
                    Kind::ShardChannel if *name == channel => Via::ShardChannel,
                    Kind::Pattern
                        if matches(name.as_bytes(), channel.as_bytes(), Case::Sensitive) =>
                    {
                        Via::Pattern(name.as_bytes())
                    }
                    Kind::Channel | Kind::ShardChannel | Kind::Pattern => continue,
                };
                expected.push((*ear, message(via)));
            }
        }
        let receivers = if kinds.contains(&Kind::ShardChannel) {
            self.hub.publish_to_shard(channel.as_bytes(), text.as_bytes())
        } else {
            self.hub.publish(channel.as_bytes(), text.as_bytes())
        };
        assert_eq!(receivers, expected.len());
        let heard = |(ear, (who, _)): (usize, &(Arc<Ear>, Subscriptions))| {
            std::mem::take(&mut *who.heard.lock()).into_iter().map(move |line| (ear, line))
        };
        let mut all: Vec<_> = self.ears.iter().enumerate().flat_map(heard).collect();
        all.sort_unstable();
        expected.sort_unstable();
        assert_eq!(all, expected);
    }

    fn check(&self) {
        for kind in KINDS {
            let followed = |name: &str| {
                let of_name =
                    |(it, _, other): &&(usize, usize, &str)| *it == number(kind) && *other == name;
                self.model.iter().filter(of_name).count()
            };
            let names: Vec<&str> = NAMES.into_iter().filter(|name| followed(name) > 0).collect();
            assert_eq!(self.hub.count(kind), names.len());
            for name in NAMES {
                let followers = match kind {
                    Kind::Channel => self.hub.channel_followers(name.as_bytes()),
                    Kind::ShardChannel => self.hub.shard_channel_followers(name.as_bytes()),
                    Kind::Pattern => continue,
                };
                assert_eq!(followers, followed(name), "{kind:?} {name}");
            }
            for (ear, (_, subscriptions)) in self.ears.iter().enumerate() {
                let of_ear =
                    |(it, of, _): &&(usize, usize, &str)| *it == number(kind) && *of == ear;
                let count = self.model.iter().filter(of_ear).count();
                assert_eq!(subscriptions.names(kind).len(), count);
            }
        }
        let any = self.model.iter().any(|(kind, ..)| *kind != number(Kind::ShardChannel));
        assert_eq!(self.hub.has_listeners(), any);
        for (ear, (_, subscriptions)) in self.ears.iter().enumerate() {
            assert_eq!(subscriptions.any(), self.model.iter().any(|(_, of, _)| *of == ear));
        }
    }
}

proptest! {
    #[test]
    fn who_follows_a_name_hears_what_is_published_there_and_nobody_else_does(steps in steps()) {
        let mut trial = Trial::new();
        steps.iter().for_each(|step| trial.take(step));
        (0..EARS).for_each(|ear| trial.take(&Step::LeaveAll(ear)));
        prop_assert!(!trial.hub.has_listeners());
    }
}
