//! One call: gRPC is tonic's, but for what gRPC has no words for.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use http::{HeaderMap, Request, Response};
use hyper::body::Incoming;
use prost::Message;
use tonic::body::Body;
use tonic::codec::{Codec, DecodeBuf, Decoder, EncodeBuf, Encoder};
use tonic::server::{Grpc, UnaryService};
use tonic::{Code, Status};

use super::{GrpcQuestion, Script, What};
use crate::authorizer::broken::Broken;
use crate::authorizer::message::CheckRequest;
use crate::authorizer::questions::Questions;

pub(super) async fn answer(
    request: Request<Incoming>,
    questions: Arc<Questions<GrpcQuestion>>,
    script: Script,
) -> Response<Body> {
    let call = Call {
        path: request.uri().path().to_owned(),
        authority: request
            .uri()
            .authority()
            .map(ToString::to_string)
            .unwrap_or_default(),
        metadata: request.headers().clone(),
        questions,
        script,
    };
    let mut response = Grpc::new(Raw).unary(call, request).await;
    // What gRPC has no words for.
    match response.extensions_mut().remove::<What>() {
        Some(What::Http(status)) => {
            let response = Response::builder().status(status);
            response.body(Body::empty()).unwrap_or_default()
        }
        Some(What::Nothing) => {
            let response = Response::builder()
                .header("content-type", "application/grpc")
                .header("grpc-status", "0");
            response.body(Body::empty()).unwrap_or_default()
        }
        Some(What::BreaksOff) => response.map(|_| Body::new(Broken::new())),
        Some(What::Message(_) | What::Status(..)) | None => response,
    }
}

/// One call.
struct Call {
    path: String,
    authority: String,
    metadata: HeaderMap,
    questions: Arc<Questions<GrpcQuestion>>,
    script: Script,
}

impl UnaryService<CheckRequest> for Call {
    type Response = Vec<u8>;
    type Future = Pin<Box<dyn Future<Output = Result<tonic::Response<Vec<u8>>, Status>> + Send>>;

    fn call(&mut self, request: tonic::Request<CheckRequest>) -> Self::Future {
        let question = GrpcQuestion {
            path: std::mem::take(&mut self.path),
            authority: std::mem::take(&mut self.authority),
            metadata: std::mem::take(&mut self.metadata),
            request: request.into_inner(),
        };
        let answer = (self.script)(&question);
        let waiting = self.questions.note(question);
        Box::pin(async move {
            answer.when.come().await;
            drop(waiting);
            match answer.what {
                What::Message(bytes) => Ok(tonic::Response::new(bytes)),
                What::Status(code, message) => Err(Status::new(Code::from(code), message)),
                what @ (What::Http(_) | What::Nothing | What::BreaksOff) => {
                    let mut response = tonic::Response::new(Vec::new());
                    response.extensions_mut().insert(what);
                    Ok(response)
                }
            }
        })
    }
}

/// Reads questions, and writes any bytes.
struct Raw;

impl Codec for Raw {
    type Encode = Vec<u8>;
    type Decode = CheckRequest;
    type Encoder = Self;
    type Decoder = Self;

    fn encoder(&mut self) -> Self {
        Self
    }

    fn decoder(&mut self) -> Self {
        Self
    }
}

impl Encoder for Raw {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        prost::bytes::BufMut::put_slice(buffer, &item);
        Ok(())
    }
}

impl Decoder for Raw {
    type Item = CheckRequest;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<CheckRequest>, Status> {
        CheckRequest::decode(buffer)
            .map(Some)
            .map_err(|error| Status::internal(error.to_string()))
    }
}
