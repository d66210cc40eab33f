//! The Model Context Protocol: the same questions for agents, as tools of which each only reads. Over streamable HTTP at
//! [`PATH`] by a key with `analytics:read`, and on standard input and output by `admx mcp`.
//!
//! - `tools`: what there is to call, with schemas from the tables of metrics, dimensions and models; `question`: what a call's
//!   arguments ask; `call`: what answers; `words`: questions in words
//! - `about`: prompts and resources
//!
//! No sessions: every call brings its key, and sees that key's workspace only.

mod about;
mod call;
mod question;
mod tools;
mod words;

use std::sync::Arc;

use axum::Json;
use axum::extract::{Request, State};
use axum::http::{HeaderMap, HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use rmcp::handler::server::ServerHandler;
use rmcp::model::{
    CallToolRequestParams, CallToolResponse, GetPromptRequestParams, GetPromptResponse,
    Implementation, InitializeResult, ListPromptsResult, ListResourcesResult, ListToolsResult,
    PaginatedRequestParams, ReadResourceRequestParams, ReadResourceResponse, ServerCapabilities,
    Tool,
};
use rmcp::service::{RequestContext, RoleServer, ServiceExt};
use rmcp::transport::streamable_http_server::session::never::NeverSessionManager;
use rmcp::transport::streamable_http_server::{StreamableHttpServerConfig, StreamableHttpService};
use rmcp::{ErrorData, transport};
use serde_json::{Value, json};
use url::Url;

use super::access::{Access, Who};
use super::ask::Desk;
use super::reply::Error;
use super::{App, auth};
use crate::account::WorkspaceId;

/// Where agents call.
pub const PATH: &str = "/mcp";
/// Where they read how to come in (RFC 9728).
pub const METADATA: &str = "/.well-known/oauth-protected-resource/mcp";

/// Bytes of a call.
const BODY: usize = 256 * 1024;

/// What agents are told first.
const INSTRUCTIONS: &str = "admx counts goals: discrete actions of a website's visitors, with what brought them. Begin with list_goals. \
    For a question in words call ask; for exact figures call query. Every answer says in a sentence what it is of; days are of the site's zone. \
    All tools only read. Never make up a figure: if a tool answers with choices, ask the person which is meant.";

/// Who calls: what they may see, and how they are called.
#[derive(Clone)]
pub(super) struct Caller {
    pub(super) workspace: WorkspaceId,
    pub(super) name: String,
    pub(super) kind: &'static str,
}

/// What answers agents.
#[derive(Clone)]
pub(super) struct Server {
    desk: Arc<Desk>,
    /// Who calls, where the transport doesn't say it.
    caller: Option<Caller>,
}

/// The service behind [`PATH`].
pub struct Service(StreamableHttpService<Server, NeverSessionManager>);

impl Service {
    /// Of this desk, for callers of its base URL and of this machine.
    pub fn new(desk: &Arc<Desk>) -> Service {
        let server = Server {
            desk: desk.clone(),
            caller: None,
        };
        let config = StreamableHttpServerConfig::default()
            .with_legacy_session_mode(false)
            .with_json_response(true)
            .with_max_request_body_bytes(BODY)
            .with_allowed_hosts(hosts(&desk.base_url))
            .with_allowed_origins(origins(&desk.base_url))
            .enforce_origin_validation();
        let server = move || Ok(server.clone());
        Service(StreamableHttpService::new(server, Arc::default(), config))
    }
}

/// Hosts by which this server is called: the one of its address, and loopback, which a proxy may use.
fn hosts(base_url: &str) -> Vec<String> {
    let mut hosts: Vec<String> = ["localhost", "127.0.0.1", "::1"].map(str::to_owned).into();
    let url = Url::parse(base_url).ok();
    hosts.extend(url.as_ref().and_then(Url::host_str).map(str::to_owned));
    hosts
}

/// Origins of browsers that may call: our own pages.
fn origins(base_url: &str) -> Vec<String> {
    let url = Url::parse(base_url).ok();
    let origin = url.and_then(|url| {
        let port = url.port_or_known_default()?;
        Some(format!("{}://{}:{port}", url.scheme(), url.host_str()?))
    });
    origin.into_iter().collect()
}

/// `POST /mcp`
pub(super) async fn serve(
    State(app): State<Arc<App>>,
    access: Access,
    mut request: Request,
) -> Response {
    let caller = match &access.who {
        Who::Key(key) => Caller {
            workspace: access.workspace,
            name: key.name.clone(),
            kind: "key",
        },
        Who::User(user) => Caller {
            workspace: access.workspace,
            name: user.email.clone(),
            kind: "login",
        },
    };
    request.extensions_mut().insert(caller);
    app.mcp.0.handle(request).await.into_response()
}

/// `GET /.well-known/oauth-protected-resource/mcp`
pub(super) async fn metadata(State(app): State<Arc<App>>) -> Json<Value> {
    Json(json!({
        "resource": format!("{}{PATH}", app.base_url),
        "resource_name": "admx",
        "bearer_methods_supported": ["header"],
        "scopes_supported": ["analytics:read"],
        "resource_documentation": format!("{}/docs/mcp", app.base_url),
    }))
}

/// The error of somebody who may not call, with where to read how one may.
pub(super) fn refused(base_url: &str, headers: &HeaderMap, error: Error) -> Error {
    let error = match headers.contains_key(header::AUTHORIZATION) {
        true => error,
        false => auth::unauthorized(
            "missing_authorization",
            "wanted the header Authorization: Bearer admx_sk_… with a key of the scope analytics:read",
        ),
    };
    if error.status() != StatusCode::UNAUTHORIZED {
        return error;
    }
    let value =
        format!("Bearer resource_metadata=\"{base_url}{METADATA}\", scope=\"analytics:read\"");
    match HeaderValue::from_str(&value) {
        Ok(value) => error.with_header(header::WWW_AUTHENTICATE, value),
        Err(_) => error,
    }
}

/// Serves the same on standard input and output, until that ends.
///
/// # Errors
/// When the other side speaks no such protocol.
pub async fn stdio(desk: Arc<Desk>, workspace: WorkspaceId) -> anyhow::Result<()> {
    let caller = Caller {
        workspace,
        name: "admx mcp".into(),
        kind: "command",
    };
    let server = Server {
        desk,
        caller: Some(caller),
    };
    let running = server.serve(transport::stdio()).await?;
    running.waiting().await?;
    Ok(())
}

impl Server {
    fn caller(&self, context: &RequestContext<RoleServer>) -> Result<Caller, ErrorData> {
        let parts = context.extensions.get::<axum::http::request::Parts>();
        let sent = parts.and_then(|parts| parts.extensions.get::<Caller>());
        sent.or(self.caller.as_ref())
            .cloned()
            .ok_or_else(|| ErrorData::invalid_request("nobody is known to call", None))
    }
}

impl ServerHandler for Server {
    fn get_info(&self) -> InitializeResult {
        let capabilities = ServerCapabilities::builder()
            .enable_tools()
            .enable_prompts()
            .enable_resources()
            .build();
        let version = env!("CARGO_PKG_VERSION");
        let ours = Implementation::new("admx", version)
            .with_title("admx, goal analytics")
            .with_website_url(self.desk.base_url.clone());
        InitializeResult::new(capabilities)
            .with_server_info(ours)
            .with_instructions(INSTRUCTIONS)
    }

    async fn list_tools(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListToolsResult, ErrorData> {
        Ok(ListToolsResult::with_all_items(tools::all()))
    }

    fn get_tool(&self, name: &str) -> Option<Tool> {
        tools::all().into_iter().find(|tool| tool.name == name)
    }

    async fn call_tool(
        &self,
        request: CallToolRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<CallToolResponse, ErrorData> {
        let caller = self.caller(&context)?;
        let arguments = request.arguments.unwrap_or_default();
        Ok(call::call(&self.desk, caller, &request.name, arguments)
            .await?
            .into())
    }

    async fn list_prompts(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListPromptsResult, ErrorData> {
        Ok(ListPromptsResult::with_all_items(about::prompts()))
    }

    async fn get_prompt(
        &self,
        request: GetPromptRequestParams,
        _: RequestContext<RoleServer>,
    ) -> Result<GetPromptResponse, ErrorData> {
        Ok(about::prompt(&request.name, &request.arguments.unwrap_or_default())?.into())
    }

    async fn list_resources(
        &self,
        _: Option<PaginatedRequestParams>,
        _: RequestContext<RoleServer>,
    ) -> Result<ListResourcesResult, ErrorData> {
        Ok(ListResourcesResult::with_all_items(about::resources()))
    }

    async fn read_resource(
        &self,
        request: ReadResourceRequestParams,
        context: RequestContext<RoleServer>,
    ) -> Result<ReadResourceResponse, ErrorData> {
        let caller = self.caller(&context)?;
        Ok(about::read(&self.desk, caller, &request.uri).await?.into())
    }
}
