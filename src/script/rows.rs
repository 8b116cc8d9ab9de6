//! The scripts of the catalogue: one row for each operation, with the SHA-1s of the scripts that do
//! it and of their normal forms.
//!
//! The SHA-1s are those of the texts that the libraries of these versions send. The tests take the
//! texts from the installed packages and compare (`tests/scripts`).

use crate::script::Sha;
use crate::script::catalogue::{Known, Row};
use crate::script::operation::{Answer, Answers, Database, Lack, Operation, Telling, Unit};

const fn known(sha: &str, library: &'static str, name: &'static str) -> Known {
    Known { sha: Sha::hex(sha), library, name }
}

pub(super) const ROWS: &[Row] = &[
    Row {
        class: "A1",
        operation: Operation::Release(Answers::ONE_OR_ZERO),
        forms: &[
            Sha::hex("005a2d211705dc7b1866ada631b98666fb00dcdc"),
            Sha::hex("26e2551a49feb41d70585fa34a79805d4f677348"),
            Sha::hex("4dff4000e6784bc25186265a47db4e6e0ea467f2"),
            Sha::hex("8f4d42e76cbb4fad0f45e575441b8a269ebc173c"),
            Sha::hex("a554cdccde6fad9a33da2325a0e7945b132219c8"),
        ],
        scripts: &[
            known("18b2a577dbe847b16bebde190d69a1613d68e60e", "RedLock.net 2.3.2", "Unlock.lua"),
            known("cf0e94b2e9ffc7e04395cf88f7583fc309985910", "bsm/redislock 0.9.4", "luaRelease"),
            known(
                "7157921a7cc7cfba979acf6d63f073151df17d12",
                "redis-semaphore 5.8.0",
                "mutex release",
            ),
            known("ea535b5ce831428455ea063dc10eadacff025884", "coredis 6.9.0", "release"),
            known("a4aada0b36710970eedaaaeec4a6b7d8c78c4f80", "pottery 3.0.1", "release"),
            known("c3f8721cbb97f72bc19e972846bd7aaf91901658", "redis-py 8.1.0", "release"),
            known("4e92fdc63815b3a0a2dd1c1df3694de73607c88d", "redlock-py 1.0.8", "unlock"),
            known("d44df6e1a0e76df1009084a91af26cc23ac035a9", "rq 2.12.0", "release"),
            known("8e4905cee18e7c3188d10f2b8b170e403baed34f", "redlock-rb 2.0.6", "UNLOCK_SCRIPT"),
            known(
                "544c68b7ffd46e5d7ccc58a27204557efba43310",
                "the redlock crate 2.0.0",
                "UNLOCK_SCRIPT",
            ),
            known(
                "d220654d7721ae520b15ed0e24a4cc97024efa08",
                "the redsync crate 1.0.1",
                "UNLOCK_SCRIPT",
            ),
            known("daf86bbf8740dd3ca86733367a016364b2110627", "the rslock crate 0.10.0", "unlock"),
            known(
                "5cc368fb92acd8fee3a986dc8e971d6cf28c3b44",
                "node-redis-warlock 1.0.2",
                "parityDel.lua",
            ),
        ],
    },
    Row {
        class: "A2",
        operation: Operation::Release(Answers {
            own: Answer::Number(1),
            free: Answer::Number(-1),
            taken: Answer::Number(0),
        }),
        forms: &[Sha::hex("0210f32818a2715401f3f8956e2ba26bac18f150")],
        scripts: &[known(
            "e950836ed1e694540c503ef9972b8de518044d3b",
            "go-redsync 4.17",
            "deleteScript",
        )],
    },
    Row {
        class: "A3",
        operation: Operation::Release(Answers {
            own: Answer::Number(1),
            free: Answer::Ok,
            taken: Answer::Refusal,
        }),
        forms: &[Sha::hex("9cf4fd1fd5c4ca6aab432b8493df6ea2839bf6bf")],
        scripts: &[known(
            "241e4ca540a1cc4ec1f32d9eb9f879e607d7e6e5",
            "aioredlock 0.7.3",
            "UNSET_LOCK",
        )],
    },
    Row {
        class: "A4",
        operation: Operation::ReleaseAndTell(Telling::Name),
        forms: &[Sha::hex("359cea59bb8419096ae32667d05b4618c8ed8b88")],
        scripts: &[known(
            "7a71e9443a2a41539fb115a5a27d5a748a871aed",
            "Spring Integration 7.2",
            "RedisPubSubLock.UNLINK_UNLOCK_SCRIPT",
        )],
    },
    Row {
        class: "A4",
        operation: Operation::ReleaseAndTell(Telling::Record),
        forms: &[Sha::hex("dc3f7f6e12454087bffc7b261d7ee4c6aa76c49f")],
        scripts: &[known(
            "02718596825c5bf6c57af391b4dc01a6d2d9d88a",
            "simple-redis-mutex 3.0.0",
            "release",
        )],
    },
    Row {
        class: "A5",
        operation: Operation::Lacking(Lack::Lists),
        forms: &[
            Sha::hex("4777357662dde32539683b5c736eae51bbfc4e60"),
            Sha::hex("7c6b26de794401c561ed6cc83cdd77af5c64c22d"),
            Sha::hex("97834f27ee49e4e2c8f78be41120e41de38464b6"),
            Sha::hex("9fbac0c0388b89f43a6da06cdd5fbecd8199c986"),
        ],
        scripts: &[
            known("afbc8014508f92e446b56567e8ba600e811c1bd5", "python-redis-lock 4.0.1", "reset"),
            known("90da91872223f85eb1376a17e3c4df21ace8c54b", "python-redis-lock 4.0.1", "unlock"),
            known("758ee2fc57c84a93a25cd712f592a1b4898d6c03", "walrus 0.9.8", "lock_release"),
            known(
                "b121d3548d693116c3851b63befe947e49f28c7c",
                "python-redis-lock 4.0.1",
                "reset_all",
            ),
        ],
    },
    Row {
        class: "A6",
        operation: Operation::Release(Answers::TRUE_OR_FALSE),
        forms: &[Sha::hex("2eb3ddec821aada705be878aa729dfb837125cec")],
        scripts: &[known(
            "f0f9038aa2b6d6c3436c72d147573ea2a58f0ef2",
            "Spring Integration 7.2",
            "RedisSpinLock.UNLINK_UNLOCK_SCRIPT",
        )],
    },
    Row {
        class: "B1",
        operation: Operation::Extend(Answers::TRUE_OR_FALSE),
        forms: &[Sha::hex("9c5e36e501e49a29f9f2a2ce6b7ad29409dd820a")],
        scripts: &[known(
            "879e0f7b8d83c3266d4e996627438c05dbda0b89",
            "Spring Integration 7.2",
            "RedisLock.RENEW_SCRIPT",
        )],
    },
    Row {
        class: "B1",
        operation: Operation::Extend(Answers::ONE_OR_ZERO),
        forms: &[
            Sha::hex("806a513f12a43ee0a1310ccfcb8fff9fad74c1a7"),
            Sha::hex("a9543c3fba68d7e79737ea60785d90cac54effe3"),
            Sha::hex("dc8ad6110baa7f60ed379b4db40a165d3c7e1ae1"),
        ],
        scripts: &[
            known("a7aba3bc5d6e99b3003da8b9d80a63b9f4092ecf", "bsm/redislock 0.9.4", "luaRefresh"),
            known("d75bb8b5bd13532ddedd17762e772346e39b321e", "go-redsync 4.17", "touchScript"),
            known(
                "594683e49a64ebaf975caf5f8079a1d097c438f1",
                "redis-semaphore 5.8.0",
                "mutex refresh",
            ),
            known("ba015a80261b616e7a62d35df0b8e3edbe6c9414", "pottery 3.0.1", "extend"),
            known("1cac51482acf5858da00f6d685d68f886cd6b6b2", "redis-py 8.1.0", "reacquire"),
            known(
                "dd40885e105db8188de0c80c96c10610b86cdb33",
                "the redsync crate 1.0.1",
                "EXTEND_SCRIPT",
            ),
        ],
    },
    Row {
        class: "B2",
        operation: Operation::ExtendWhatEnds,
        forms: &[Sha::hex("2d061d85232f1a827b11ef611d1defbe2b7aeebb")],
        scripts: &[known(
            "fed16109024d968d9496e4140fe1355bac05ebff",
            "python-redis-lock 4.0.1",
            "extend",
        )],
    },
    Row {
        class: "B3",
        operation: Operation::Prolong,
        forms: &[Sha::hex("1c1a5d978dc16632087505a1e04aa39ca55dc425")],
        scripts: &[known("e03e083d81632b90688e6621ceb7b922dea67c5d", "coredis 6.9.0", "extend")],
    },
    Row {
        class: "B3",
        operation: Operation::ProlongOrReplace,
        forms: &[Sha::hex("eb1fa84bf5284b22171edccd8a940647da6d1ae4")],
        scripts: &[known("a4e8783852e6b949f9ef3a97212805108459a890", "redis-py 8.1.0", "extend")],
    },
    Row {
        class: "B4",
        operation: Operation::Rewrite,
        forms: &[Sha::hex("f802b5031e92f77814b2b1d92a736e50882407f3")],
        scripts: &[known(
            "17a49af0c4b1a9034503fa84f3570f5ca76c4cbf",
            "the rslock crate 0.10.0",
            "extend",
        )],
    },
    Row {
        class: "B4",
        operation: Operation::RewriteFromKeys,
        forms: &[Sha::hex("e8c17e4e6694c4e19525fd6709013ad9f3f5fda3")],
        scripts: &[known(
            "78d3bb55c589f1b2edf66f3527f5017f8dfcd6bb",
            "node-redis-warlock 1.0.2",
            "parityRelock.lua",
        )],
    },
    Row {
        class: "B5",
        operation: Operation::ClaimOrExtend(
            Unit::Millis,
            Answers { own: Answer::Number(1), free: Answer::Number(1), taken: Answer::Number(-1) },
        ),
        forms: &[Sha::hex("7400b3d142e27d0e52735c4fd6ba9b1d6059d81c")],
        scripts: &[known(
            "9f614a785a5f9ae8c6396c6b4bf94d2087342603",
            "RedLock.net 2.3.2",
            "Extend.lua",
        )],
    },
    Row {
        class: "B5",
        operation: Operation::ExtendOrClaim,
        forms: &[Sha::hex("9d30577306265133f7a60d8c1b0eaaadc2e23103")],
        scripts: &[known(
            "b6b55c439e02c6f52ffb8be7ec8c0d0ac816ea79",
            "go-redsync 4.17",
            "touchWithSetNXScript",
        )],
    },
    Row {
        class: "C",
        operation: Operation::ClaimByPrefix,
        forms: &[Sha::hex("141437501b4c0398c54affe9502ca74fc05d097d")],
        scripts: &[known(
            "80a1b5f2cfccec3b7119ba7721d2127682b691a7",
            "bsm/redislock 0.9.4",
            "luaObtain",
        )],
    },
    Row {
        class: "C",
        operation: Operation::ClaimOrExtend(
            Unit::Millis,
            Answers { own: Answer::Number(1), free: Answer::Number(1), taken: Answer::Nothing },
        ),
        forms: &[Sha::hex("1559aa743c1ce51498743602004b35d7a530fd8a")],
        scripts: &[known(
            "175897a4e379e99e79a54937be09226f76cdcfe5",
            "Spring Integration 7.2",
            "RedisLock.OBTAIN_LOCK_SCRIPT",
        )],
    },
    Row {
        class: "C",
        operation: Operation::ClaimOrRewrite { asks: false, otherwise: Answer::Refusal },
        forms: &[Sha::hex("9d9340974e68a37de2a0e1f60bfca980d4123fce")],
        scripts: &[known(
            "c75a9bf1538efcdb1f383acc3e273c5089d57e58",
            "aioredlock 0.7.3",
            "SET_LOCK",
        )],
    },
    Row {
        class: "C",
        operation: Operation::ClaimOrExtend(
            Unit::Seconds,
            Answers { own: Answer::Number(2), free: Answer::Number(1), taken: Answer::Number(0) },
        ),
        forms: &[Sha::hex("76ec8dd071090ee5939ef1b4e007dbee6419aee4")],
        scripts: &[known(
            "4227fa753143e6f652e2e185d254964b3a7413a5",
            "rq 2.12.0",
            "acquire_or_refresh",
        )],
    },
    Row {
        class: "C",
        operation: Operation::ClaimForEver,
        forms: &[Sha::hex("9dec40eeb31c7f019dbb717f69ea6d685cae7c84")],
        scripts: &[known(
            "d893d8da0844b834c9c5a41fb79b469749e6f442",
            "walrus 0.9.8",
            "lock_acquire",
        )],
    },
    Row {
        class: "C",
        operation: Operation::ClaimOrRewrite { asks: true, otherwise: Answer::Nothing },
        forms: &[Sha::hex("166a092c9b37541ee1224a40a317a3c956af396b")],
        scripts: &[known(
            "ceb2b2062e40c51a2b3963fd078bc71f11bdc65c",
            "redlock-rb 2.0.6",
            "LOCK_SCRIPT",
        )],
    },
    Row {
        class: "C",
        operation: Operation::Claim,
        forms: &[Sha::hex("0f6684c52f95c9c6745c165765147db00633e5ad")],
        scripts: &[known(
            "33f7909e387d5ede77e562c743ec698b78452bf6",
            "the redsync crate 1.0.1",
            "LOCK_SCRIPT",
        )],
    },
    Row {
        class: "D",
        operation: Operation::TimeLeft {
            unit: Unit::Millis,
            at_least: -1,
            otherwise: Answer::Number(-3),
        },
        forms: &[Sha::hex("30cd4ff7ff9dea263f0fc63566fdf123fef27591")],
        scripts: &[known(
            "6484da7d58920897fdc22b7f9afd1a3d47524ea8",
            "bsm/redislock 0.9.4",
            "luaPTTL",
        )],
    },
    Row {
        class: "D",
        operation: Operation::TimeLeft {
            unit: Unit::Seconds,
            at_least: -1,
            otherwise: Answer::Refusal,
        },
        forms: &[Sha::hex("2614b1f58f7f00c0729d1378f5c971e819f4454d")],
        scripts: &[known(
            "f908d3f43dbcabc68fc0c9ecaf1fa4a285ecdb0a",
            "aioredlock 0.7.3",
            "GET_LOCK_TTL",
        )],
    },
    Row {
        class: "D",
        operation: Operation::TimeLeft {
            unit: Unit::Millis,
            at_least: 0,
            otherwise: Answer::Number(0),
        },
        forms: &[Sha::hex("5c33f4614a72d145c6ab8f434c9a73c5b142b049")],
        scripts: &[known("f5f7bd3a3aa4a63c507c1155c5ea1219b350d992", "pottery 3.0.1", "locked?")],
    },
    Row {
        class: "D",
        operation: Operation::ValueAndTimeLeft,
        forms: &[Sha::hex("8241bcadb9353e0c75a10bc6fa97b8c276790713")],
        scripts: &[known(
            "78d2ca48a6dc9ef6892059792a3a0c5237733d64",
            "redlock-rb 2.0.6",
            "PTTL_SCRIPT",
        )],
    },
    Row {
        class: "E",
        operation: Operation::ClaimAllByPrefix,
        forms: &[Sha::hex("68efaca5dcc1166eb12ad1eb5511be81b8605f1a")],
        scripts: &[known(
            "eb0c00d98f6f33b4262419a509002884540f30be",
            "bsm/redislock 0.10",
            "obtain",
        )],
    },
    Row {
        class: "E",
        operation: Operation::TimeLeftOfAll,
        forms: &[Sha::hex("dd34b2945bc631a88834faa733ffcabacdb9badb")],
        scripts: &[known("66e1084c2d842a7e8c271925aae90219fac4e129", "bsm/redislock 0.10", "pttl")],
    },
    Row {
        class: "E",
        operation: Operation::ExtendAll,
        forms: &[Sha::hex("95926d89c258e9650affbd8890e24960f814aff2")],
        scripts: &[known(
            "5a22d7e8431313862816d4416b5e46dd70fc340d",
            "bsm/redislock 0.10",
            "refresh",
        )],
    },
    Row {
        class: "E",
        operation: Operation::ReleaseAll,
        forms: &[Sha::hex("b09db497ef2a895b2ad1118ab928a0e87916cdda")],
        scripts: &[known(
            "9470c810040e272ee6c579d8d4331aaf6332a7b1",
            "bsm/redislock 0.10",
            "release",
        )],
    },
    Row {
        class: "E",
        operation: Operation::ClaimAll(Database::First),
        forms: &[Sha::hex("d95967968035bf6aaf4185e5465947e21a1c49e7")],
        scripts: &[known(
            "1b77b94aa78451d55dfa97e18819bfbfc596cb5b",
            "@sesamecare-oss/redlock 1.4.0",
            "ACQUIRE",
        )],
    },
    Row {
        class: "E",
        operation: Operation::RewriteAll(Database::First),
        forms: &[Sha::hex("8458a1a1466c58fc5c1f559ca1178670e2e9f6a4")],
        scripts: &[known(
            "820e9778d2b6733e9ed771e4be90ae73a95a6f3b",
            "@sesamecare-oss/redlock 1.4.0",
            "EXTEND",
        )],
    },
    Row {
        class: "E",
        operation: Operation::ReleaseEach(Database::First),
        forms: &[Sha::hex("12863ed53162d6b0f82b605edab009f2299c30b3")],
        scripts: &[known(
            "df51f6837dcfe303d334e6abea9aeae192bab216",
            "@sesamecare-oss/redlock 1.4.0",
            "RELEASE",
        )],
    },
    Row {
        class: "E",
        operation: Operation::ClaimAll(Database::Callers),
        forms: &[Sha::hex("645596ee6b713369f6af916551f8bca67d09f0ef")],
        scripts: &[
            known("e5a322e2634ef59a516e8ea150cb085afafee684", "node-redlock 4.2.0", "lock"),
            known(
                "96da70f7716f27d278a5218544df37fd8b0a5e4c",
                "node-redlock 5.0.0-beta.2",
                "ACQUIRE",
            ),
        ],
    },
    Row {
        class: "E",
        operation: Operation::RewriteAll(Database::Callers),
        forms: &[Sha::hex("a4f5399336ef2582b9e491dab51d019d712e63b9")],
        scripts: &[
            known("ce46f80993d5dac20dd066eb301a4e37994bdbed", "node-redlock 4.2.0", "extend"),
            known(
                "aed6f382e410db8ba7926d4e5e9aab410bf2a78a",
                "node-redlock 5.0.0-beta.2",
                "EXTEND",
            ),
        ],
    },
    Row {
        class: "E",
        operation: Operation::ReleaseEach(Database::Callers),
        forms: &[Sha::hex("5c5d1bee405116fefec8ea0a9cffa945f59524d1")],
        scripts: &[
            known("0f0f23b9048b36752b5be114f357ba083449f908", "node-redlock 4.2.0", "unlock"),
            known(
                "e4612211c9f8f51c257e26e056b0a654b3187242",
                "node-redlock 5.0.0-beta.2",
                "RELEASE",
            ),
        ],
    },
    Row {
        class: "F",
        operation: Operation::Hold,
        forms: &[
            Sha::hex("975bb86f469b3cecd919bca379e9c75c48b47d6d"),
            Sha::hex("ae421b9316456f306a814e8e9d35b8461036b1a0"),
        ],
        scripts: &[
            known(
                "149c5a8bf18676fd99e9e6e24923bd64d9b62f94",
                "Redisson 4.7.0",
                "Lock.tryLockInnerAsync",
            ),
            known(
                "dad0f8d619e548e04f21fb48d50be5034df3adae",
                "Redisson 4.7.0",
                "SpinLock.tryLockInnerAsync",
            ),
        ],
    },
    Row {
        class: "F",
        operation: Operation::HoldFenced { tells: true },
        forms: &[Sha::hex("8825932558c6d629f293c9d57634d0b2eb8817d1")],
        scripts: &[known(
            "46b5551ba403d6152a7a6eca122e08728d6c8c66",
            "Redisson 4.7.0",
            "FencedLock.tryLockInnerAsync",
        )],
    },
    Row {
        class: "F",
        operation: Operation::HoldFenced { tells: false },
        forms: &[Sha::hex("a462df2fde7ff32fc5165118af7bc1c0a7791f45")],
        scripts: &[known(
            "49babb5a1e6a0c5f188c2ae62b93b51cdfd63e45",
            "Redisson 4.7.0",
            "FencedLock.tryLockInnerAsync",
        )],
    },
    Row {
        class: "F",
        operation: Operation::LetGo { publishes: true },
        forms: &[Sha::hex("e3ce6455ecfa9c0dee0fbc6038236bd8709d6aca")],
        scripts: &[known(
            "6866459238a13a701d42f4971f12d9f3a50e2442",
            "Redisson 4.7.0",
            "Lock.unlockInnerAsync",
        )],
    },
    Row {
        class: "F",
        operation: Operation::LetGo { publishes: false },
        forms: &[Sha::hex("19e20fa5ab9a6bb387c5c31ab1c157a6d2011f59")],
        scripts: &[known(
            "73ac2729af29ea9a975f95e8097f7ee9a74cce3d",
            "Redisson 4.7.0",
            "SpinLock.unlockInnerAsync",
        )],
    },
    Row {
        class: "F",
        operation: Operation::BreakHolds { publishes: true },
        forms: &[Sha::hex("b7277acfe0e562026a5214ac0428ab140a328f4c")],
        scripts: &[known(
            "605e338249a7a1d40df83b04f7658354f883b41b",
            "Redisson 4.7.0",
            "Lock.forceUnlockAsync",
        )],
    },
    Row {
        class: "F",
        operation: Operation::BreakHolds { publishes: false },
        forms: &[Sha::hex("37b2bf1cf46ce9e21231fd87f61dc21e4f538ca0")],
        scripts: &[known(
            "51b433c3cc9a6ca991b3aefec63d23490c246318",
            "Redisson 4.7.0",
            "SpinLock.forceUnlockAsync",
        )],
    },
    Row {
        class: "F",
        operation: Operation::RenewHolds,
        forms: &[Sha::hex("91eb74bd575201b272e696a8dfbbbc7b9a52f579")],
        scripts: &[known(
            "6a3d31570dc6f4b0bd32bcdc8e75667747c6f635",
            "Redisson 4.7.0",
            "renewal.LockTask.buildChunk",
        )],
    },
    Row {
        class: "F",
        operation: Operation::Lacking(Lack::NativeForm),
        forms: &[],
        scripts: &[known(
            "3daa7be6cf69d9309ad990442e83bf25094f9b22",
            "Redisson 4.7.0",
            "NonReentrantLock.tryLockInnerAsync",
        )],
    },
    Row {
        class: "L",
        operation: Operation::Raise,
        forms: &[Sha::hex("7e6f2ce88f1fd6f92a4c5392ddc98a2d8e23deea")],
        scripts: &[known(
            "556429c2d8baca516a475ebb22d380cbccae7313",
            "pottery 3.0.1",
            "NextID.set",
        )],
    },
];
