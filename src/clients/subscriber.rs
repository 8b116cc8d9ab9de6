//! A connection as a subscriber: how a message of a channel is spelled, and where it waits.
//!
//! Not here: who follows what (`pubsub`).

use crate::clients::client::Client;
use crate::clients::mailbox::Push;
use crate::pubsub::{Message, Subscriber, SubscriberId, Via};
use crate::resp::reply::{Protocol, Writer};
use std::sync::Arc;

impl Subscriber for Client {
    type Parcel = Push;

    fn pack(message: Message<'_>) -> Push {
        let mut spelled = Writer { protocol: Protocol::Resp3, ..Writer::default() };
        match message.via {
            Via::Channel => {
                spelled.push(3);
                spelled.bulk(b"message");
            }
            Via::ShardChannel => {
                spelled.push(3);
                spelled.bulk(b"smessage");
            }
            Via::Pattern(pattern) => {
                spelled.push(4);
                spelled.bulk(b"pmessage");
                spelled.bulk(pattern);
            }
        }
        spelled.bulk(message.channel);
        spelled.bulk(message.text);
        Push::Message(spelled.out.into())
    }

    fn id(&self) -> SubscriberId {
        SubscriberId(self.id.0)
    }

    fn deliver(this: &Arc<Self>, parcel: &Push) {
        this.push_one_of_many(parcel.clone());
    }
}
