//! The client: many connections, as little CPU a request as a socket costs, since it shares the cores with the server.

use std::io::{ErrorKind, Result};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::{Duration, Instant};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};
use tokio::net::TcpStream;

use crate::load::{Connection, Shape};
use crate::request::Requests;

/// Latencies to a hundredth of a millisecond, up to two seconds.
const BINS: usize = 200_000;
const BIN: Duration = Duration::from_micros(10);

/// What was measured.
pub struct Answers {
    /// Events that were answered 200.
    pub acknowledged: u64,
    /// Requests with any other answer.
    pub refused: u64,
    pub seconds: f64,
    pub max: Duration,
    bins: Vec<u32>,
}

impl Answers {
    fn new() -> Answers {
        Answers {
            acknowledged: 0,
            refused: 0,
            seconds: 0.0,
            max: Duration::ZERO,
            bins: vec![0; BINS],
        }
    }

    fn add(&mut self, status: usize, events: u64, took: Duration) {
        match status {
            200 => self.acknowledged += events,
            _ => self.refused += 1,
        }
        let bin = (took.as_nanos() / BIN.as_nanos()) as usize;
        self.bins[bin.min(BINS - 1)] += 1;
        self.max = self.max.max(took);
    }

    pub fn rate(&self) -> f64 {
        self.acknowledged as f64 / self.seconds
    }

    /// The latency that this share of the requests had at the most, in milliseconds.
    pub fn percentile(&self, share: f64) -> f64 {
        let all: u64 = self.bins.iter().map(|n| u64::from(*n)).sum();
        let mut left = (all as f64 * share) as u64;
        for (bin, n) in self.bins.iter().enumerate() {
            match left.checked_sub(u64::from(*n)) {
                Some(rest) => left = rest,
                None => return (bin + 1) as f64 * BIN.as_secs_f64() * 1e3,
            }
        }
        self.max.as_secs_f64() * 1e3
    }
}

/// How long a load goes on.
#[derive(Clone, Copy)]
pub enum Until {
    Elapsed(Duration),
    /// So many events were sent.
    Sent(u64),
}

/// What the connections share. There is one thread, so that nobody waits for the lock.
struct Shared {
    requests: Arc<Mutex<Requests>>,
    answers: Mutex<Answers>,
    left: Mutex<u64>,
    is_over: AtomicBool,
}

/// Sends from so many connections, each its next request as soon as the last one is answered. `at_the_end` runs while
/// they still do.
pub fn closed(
    port: u16,
    requests: &Arc<Mutex<Requests>>,
    connections: usize,
    until: Until,
    at_the_end: impl FnOnce(),
) -> Answers {
    let left = match until {
        Until::Elapsed(_) => u64::MAX,
        Until::Sent(events) => events,
    };
    let shared = Arc::new(Shared {
        requests: requests.clone(),
        answers: Mutex::new(Answers::new()),
        left: Mutex::new(left),
        is_over: AtomicBool::new(false),
    });
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()
        .unwrap();
    let began = Instant::now();
    let mut seconds = 0.0;
    runtime.block_on(async {
        let all: Vec<_> = (0..connections)
            .map(|_| tokio::spawn(connection(port, shared.clone())))
            .collect();
        if let Until::Elapsed(time) = until {
            tokio::time::sleep(time).await;
            seconds = began.elapsed().as_secs_f64();
            at_the_end();
            shared.is_over.store(true, Ordering::Relaxed);
        }
        for one in all {
            // A connection that breaks has its last request neither acknowledged nor refused.
            let _ = one.await.unwrap();
        }
        if let Until::Sent(_) = until {
            seconds = began.elapsed().as_secs_f64();
        }
    });
    drop(runtime);
    let shared = Arc::into_inner(shared).unwrap();
    let mut answers = shared.answers.into_inner().unwrap();
    answers.seconds = seconds;
    answers
}

async fn connection(port: u16, shared: Arc<Shared>) -> Result<()> {
    let mut stream = TcpStream::connect(("127.0.0.1", port)).await?;
    stream.set_nodelay(true)?;
    let events = shared.requests.lock().unwrap().events;
    let mut request = Vec::with_capacity(1024);
    let mut answer = vec![0; 64 * 1024];
    while !shared.is_over.load(Ordering::Relaxed) {
        {
            let mut left = shared.left.lock().unwrap();
            let Some(rest) = left.checked_sub(events) else {
                break;
            };
            *left = rest;
        }
        shared.requests.lock().unwrap().next(&mut request);
        let began = Instant::now();
        let mut sent = 0;
        while sent < request.len() {
            let rest = &request[sent..];
            sent += std::future::poll_fn(|cx| Pin::new(&mut stream).poll_write(cx, rest)).await?;
        }
        let mut got = 0;
        let shape = loop {
            let mut room = ReadBuf::new(&mut answer[got..]);
            std::future::poll_fn(|cx| Pin::new(&mut stream).poll_read(cx, &mut room)).await?;
            match room.filled().len() {
                0 => return Err(ErrorKind::UnexpectedEof.into()),
                n => got += n,
            }
            if let Some(shape) = Shape::of(&answer[..got])? {
                break shape;
            }
        };
        let mut answers = shared.answers.lock().unwrap();
        answers.add(shape.status, events, began.elapsed());
    }
    Ok(())
}

/// Sends so many requests a second, whether or not the ones before are answered. A request that has to wait for its
/// connection waits on the clock; the client's own timer, when it wakes late, doesn't count.
pub fn paced(
    port: u16,
    requests: &Arc<Mutex<Requests>>,
    connections: usize,
    rate: usize,
    time: Duration,
) -> Answers {
    let answers = Mutex::new(Answers::new());
    let began = Instant::now() + Duration::from_millis(20);
    std::thread::scope(|scope| {
        for nth in 0..connections {
            let answers = &answers;
            scope.spawn(move || {
                let mut connection = Connection::open(port).unwrap();
                let events = requests.lock().unwrap().events;
                let mut request = Vec::new();
                for turn in (nth..).step_by(connections) {
                    let due = began + Duration::from_secs_f64(turn as f64 / rate as f64);
                    if due > began + time {
                        break;
                    }
                    let wait = due.saturating_duration_since(Instant::now());
                    std::thread::sleep(wait);
                    requests.lock().unwrap().next(&mut request);
                    let sent = if wait.is_zero() { due } else { Instant::now() };
                    let (status, _) = connection.ask(&request).unwrap();
                    answers.lock().unwrap().add(status, events, sent.elapsed());
                }
            });
        }
    });
    let mut answers = answers.into_inner().unwrap();
    answers.seconds = time.as_secs_f64();
    answers
}
