//! An OpenTelemetry collector that stores the batches it receives.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use opentelemetry_proto::tonic::collector::trace::v1::ExportTraceServiceRequest;
use opentelemetry_proto::tonic::common::v1::KeyValue;
use opentelemetry_proto::tonic::common::v1::any_value::Value;
use opentelemetry_proto::tonic::trace::v1::Span;
use prost::Message as _;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio_util::task::TaskTracker;

/// Time limit for a batch on a busy machine.
const PATIENCE: Duration = Duration::from_secs(20);

/// A request to the collector: head and body.
#[derive(Clone)]
pub(crate) struct Came {
    pub(crate) head: String,
    pub(crate) body: Vec<u8>,
}

#[derive(Clone)]
pub(crate) struct Collector {
    port: u16,
    came: Arc<watch::Sender<Vec<Came>>>,
    /// Number of refused batches.
    refused: Arc<watch::Sender<usize>>,
    /// The status line of its responses, or `None` while it does not respond.
    answer: Arc<Mutex<Option<&'static str>>>,
}

impl Collector {
    pub(crate) async fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let port = listener.local_addr().unwrap().port();
        let answer = Arc::new(Mutex::new(Some("200 OK")));
        let collector = Self { port, came: Arc::default(), refused: Arc::default(), answer };
        let (this, tasks) = (collector.clone(), TaskTracker::new());
        tasks.clone().spawn(async move {
            while let Ok((client, _)) = listener.accept().await {
                let this = this.clone();
                tasks.spawn(async move { this.serve(client).await });
            }
        });
        collector
    }

    pub(crate) fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Answers like this from now on; `None`: takes everything and says nothing.
    pub(crate) fn answer(&self, status: Option<&'static str>) {
        *self.answer.lock().unwrap() = status;
    }

    async fn serve(&self, mut client: TcpStream) -> Option<()> {
        let mut bytes = Vec::new();
        let end = loop {
            if let Some(end) = bytes.windows(4).position(|end| end == b"\r\n\r\n") {
                break end + 4;
            }
            (client.read_buf(&mut bytes).await.ok()? > 0).then_some(())?;
        };
        let head = String::from_utf8(bytes[..end].to_vec()).unwrap().to_ascii_lowercase();
        let length = head.split("content-length: ").nth(1)?.lines().next()?.parse().ok()?;
        let mut body = bytes.split_off(end);
        while body.len() < length {
            (client.read_buf(&mut body).await.ok()? > 0).then_some(())?;
        }
        let answer = *self.answer.lock().unwrap();
        if answer == Some("200 OK") {
            self.came.send_modify(|all| all.push(Came { head, body }));
        } else {
            self.refused.send_modify(|count| *count += 1);
        }
        match answer {
            Some(status) => {
                let answer = format!("HTTP/1.1 {status}\r\nContent-Length: 0\r\n\r\n");
                client.write_all(answer.as_bytes()).await.ok()
            }
            // Waits until the client disconnects.
            None => client.read_buf(&mut Vec::new()).await.ok().map(|_| ()),
        }
    }

    /// Waits until it has refused `count` batches in all.
    pub(crate) async fn refuses(&self, count: usize) {
        let mut refused = self.refused.subscribe();
        let enough = refused.wait_for(|refused| *refused >= count);
        tokio::time::timeout(PATIENCE, enough).await.expect("refused in time").unwrap();
    }

    pub(crate) fn came(&self) -> Vec<Came> {
        self.came.borrow().clone()
    }

    pub(crate) fn requests(&self) -> Vec<ExportTraceServiceRequest> {
        let decode = |came: Came| ExportTraceServiceRequest::decode(&*came.body).unwrap();
        self.came().into_iter().map(decode).collect()
    }

    /// All spans so far.
    pub(crate) fn spans(&self) -> Vec<Span> {
        let resources = self.requests().into_iter().flat_map(|request| request.resource_spans);
        resources.flat_map(|resource| resource.scope_spans).flat_map(|scope| scope.spans).collect()
    }

    /// Waits for a span and its trace. Children end before their parent.
    pub(crate) async fn wait_for(&self, wanted: impl Fn(&Span) -> bool) -> Span {
        let find = || self.spans().into_iter().find(&wanted);
        let mut changes = self.came.subscribe();
        let found = tokio::time::timeout(PATIENCE, async {
            loop {
                if let Some(span) = find() {
                    return span;
                }
                changes.changed().await.unwrap();
            }
        });
        let names = || self.spans().into_iter().map(|span| span.name).collect::<Vec<_>>();
        found.await.unwrap_or_else(|_| panic!("a span was awaited in vain: {:?}", names()))
    }

    /// The children of a span.
    pub(crate) fn below(&self, parent: &Span) -> Vec<Span> {
        let spans = self.spans().into_iter();
        spans
            .filter(|span| span.trace_id == parent.trace_id)
            .filter(|span| span.parent_span_id == parent.span_id)
            .collect()
    }
}

/// An attribute as text.
pub(crate) fn attribute(attributes: &[KeyValue], name: &str) -> Option<String> {
    let found = attributes.iter().find(|attribute| attribute.key == name)?;
    match found.value.clone()?.value? {
        Value::StringValue(text) => Some(text),
        Value::IntValue(number) => Some(number.to_string()),
        Value::BoolValue(flag) => Some(flag.to_string()),
        other => panic!("{name} is {other:?}"),
    }
}

/// Bytes in hexadecimal, as in the log.
pub(crate) fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}
