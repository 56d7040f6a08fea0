//! `cargo book serve`: the book in the browser, where each cell can be changed and run.
//!
//! | file | holds |
//! | --- | --- |
//! | `guard` | who may ask |
//! | `answer` | what is answered: pages, and what their script asks for |
//! | `site`, `library` | the pages, and the crates for the cells, built anew after each change |
//! | `runs`, `run` | the runs that go on; one of them, from the compiler to its end |
//! | `edit` | a chapter with the reader's changes |
//! | `live`, `event`, `stream` | what a run prints, in pieces, on its way to the page |
//!
//! The pages are those of `cargo book`. The script `assets/serve.js` is added to them on their way out.

mod answer;
mod edit;
mod event;
mod guard;
mod library;
mod live;
mod run;
mod runs;
mod site;
mod stream;

use std::convert::Infallible;
use std::io::Write;
use std::net::Ipv4Addr;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread;
use std::time::Duration;

use anyhow::{Context, Result};
use http_body_util::{BodyExt, Limited};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper::{Method, Request, StatusCode};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Semaphore;

use crate::book::Book;
use crate::files::Room;
use crate::lock::Lock;
use crate::{preprocess, record};
use answer::{Answer, Server};
use guard::Guard;
use site::Site;

/// How much a page's script may send: all cells of a long chapter.
const LONGEST_REQUEST: usize = 2_000_000;

/// How long a request may take to come in.
const PATIENCE: Duration = Duration::from_secs(10);

/// How many connections there may be at once.
const MOST_CONNECTIONS: usize = 100;

const WARNING: &str =
    "Who has this address can run programs as you: keep it to yourself. Ctrl-C ends it.";

/// What the command line asks for.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Options {
    /// 0 for any that is free.
    pub(crate) port: u16,
    pub(crate) open: bool,
    pub(crate) author: bool,
    pub(crate) release: bool,
}

/// Serves the book in `root` until the process is ended.
pub(crate) fn serve(root: &Path, options: Options) -> Result<()> {
    let book = Book::open(root)?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
    let listener = runtime.block_on(listen(options.port))?;
    let port = listener.local_addr()?.port();
    let workshop = book.workshop()?;
    let _lock = Lock::take(&workshop, "serve.lock", "serving this book")?;
    let docs = book.settings.api_docs.as_ref().map(|folder| book.source.join(folder));
    if docs.is_some_and(|docs| {
        !docs.join("index.html").exists()
            && !docs.join(book.crate_name.as_deref().unwrap_or_default()).exists()
    }) {
        eprintln!("    Building API docs (the first time, Cargo checks all crates)");
        preprocess::api_docs(&book)?;
    }
    eprintln!("    Building pages");
    let seen = site::state(&book);
    let site = Site::new(root)?;
    let base = format!("/{}/", record::secret());
    let guard = Guard::new(base.trim_matches('/').to_string(), port);
    let Options { author, release, .. } = options;
    let server = Arc::new(Server { site, runs: Arc::default(), release, author, base });
    let watcher = Arc::clone(&server);
    thread::spawn(move || watcher.site.watch(seen));
    // The first run need not wait for it then. When it fails, the run says so, too.
    thread::spawn(move || {
        if let Err(error) = library::watch(&book, release) {
            eprintln!("error: {error:#}");
        }
    });
    let address = format!("http://127.0.0.1:{port}{}", server.base);
    let mut stdout = std::io::stdout().lock();
    // At once: who reads the address need not read on.
    let text = format!("The book is at {address}\n{WARNING}\n");
    stdout.write_all(text.as_bytes()).and_then(|()| stdout.flush())?;
    drop(stdout);
    if options.open {
        let door = door(&workshop, &address)?;
        opener::open_browser(&door)
            .with_context(|| format!("no browser could be started: open {address} yourself"))?;
    }
    runtime.block_on(accept(listener, Arc::new((guard, server))));
    Ok(())
}

async fn listen(port: u16) -> Result<TcpListener> {
    TcpListener::bind((Ipv4Addr::LOCALHOST, port)).await.with_context(|| {
        format!("port {port} of this machine cannot be had: `--port 0` takes one that is free")
    })
}

/// A page that leads to the book. The command line of a browser can be seen by all users of a machine, and so
/// must not hold the address.
fn door(workshop: &Room, address: &str) -> Result<PathBuf> {
    let page =
        format!("<!DOCTYPE html>\n<meta http-equiv=\"refresh\" content=\"0; url={address}\">\n");
    workshop.write_secret("open.html", &page)
}

async fn accept(listener: TcpListener, shared: Arc<(Guard, Arc<Server>)>) {
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else { return };
        let stream = match listener.accept().await {
            Ok((stream, _)) => stream,
            Err(error) => {
                // Too many open files, for example: they may be fewer soon.
                eprintln!("warning: {error}");
                tokio::time::sleep(Duration::from_millis(100)).await;
                continue;
            }
        };
        let shared = Arc::clone(&shared);
        tokio::spawn(async move {
            connection(stream, shared).await;
            drop(place);
        });
    }
}

async fn connection(stream: TcpStream, shared: Arc<(Guard, Arc<Server>)>) {
    let _ = stream.set_nodelay(true);
    let service = service_fn(|request| {
        let shared = Arc::clone(&shared);
        async move { Ok::<_, Infallible>(respond(&shared.0, &shared.1, request).await) }
    });
    let mut http = http1::Builder::new();
    http.timer(TokioTimer::new()).header_read_timeout(PATIENCE);
    // What is wrong here is the browser's matter: it went away, or speaks no HTTP.
    let _ = http.serve_connection(TokioIo::new(stream), service).await;
}

async fn respond(guard: &Guard, server: &Arc<Server>, request: Request<Incoming>) -> Answer {
    let (request, body) = request.into_parts();
    let path = match guard.admit(&request) {
        Ok(path) => path.to_string(),
        Err(refusal) => return answer::refused(refusal),
    };
    if path.is_empty() && !request.uri.path().ends_with('/') {
        return answer::moved(&server.base);
    }
    if request.method != Method::POST {
        return server.get(&path, request.uri.query().unwrap_or_default());
    }
    let body = tokio::time::timeout(PATIENCE, Limited::new(body, LONGEST_REQUEST).collect());
    let Ok(Ok(body)) = body.await else {
        return answer::text(StatusCode::PAYLOAD_TOO_LARGE, "this is too long, or came too slowly");
    };
    let (server, body) = (Arc::clone(server), body.to_bytes());
    // To accept an output may have to wait for another process.
    let done = tokio::task::spawn_blocking(move || server.post(&path, &body)).await;
    done.unwrap_or_else(|error| answer::text(StatusCode::INTERNAL_SERVER_ERROR, error.to_string()))
}
