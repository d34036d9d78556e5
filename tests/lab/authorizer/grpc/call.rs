//! One call, implemented with tonic except for what gRPC cannot express.

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

use super::{GrpcPayload, GrpcQuestion, Script};
use crate::authorizer::message::CheckRequest;
use crate::authorizer::questions::Questions;
use crate::authorizer::truncated_body::TruncatedBody;

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
    let mut response = Grpc::new(RawCodec).unary(call, request).await;
    // Answers that gRPC cannot express.
    match response.extensions_mut().remove::<GrpcPayload>() {
        Some(GrpcPayload::Http(status)) => {
            let response = Response::builder().status(status);
            response.body(Body::empty()).unwrap_or_default()
        }
        Some(GrpcPayload::Nothing) => {
            let response = Response::builder()
                .header("content-type", "application/grpc")
                .header("grpc-status", "0");
            response.body(Body::empty()).unwrap_or_default()
        }
        Some(GrpcPayload::BreaksOff) => response.map(|_| Body::new(TruncatedBody::new())),
        Some(GrpcPayload::Message(_) | GrpcPayload::Status(..)) | None => response,
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
                GrpcPayload::Message(bytes) => Ok(tonic::Response::new(bytes)),
                GrpcPayload::Status(code, message) => Err(Status::new(Code::from(code), message)),
                what @ (GrpcPayload::Http(_) | GrpcPayload::Nothing | GrpcPayload::BreaksOff) => {
                    let mut response = tonic::Response::new(Vec::new());
                    response.extensions_mut().insert(what);
                    Ok(response)
                }
            }
        })
    }
}

/// A codec that reads questions, and writes any bytes.
struct RawCodec;

impl Codec for RawCodec {
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

impl Encoder for RawCodec {
    type Item = Vec<u8>;
    type Error = Status;

    fn encode(&mut self, item: Vec<u8>, buffer: &mut EncodeBuf<'_>) -> Result<(), Status> {
        prost::bytes::BufMut::put_slice(buffer, &item);
        Ok(())
    }
}

impl Decoder for RawCodec {
    type Item = CheckRequest;
    type Error = Status;

    fn decode(&mut self, buffer: &mut DecodeBuf<'_>) -> Result<Option<CheckRequest>, Status> {
        CheckRequest::decode(buffer)
            .map(Some)
            .map_err(|error| Status::internal(error.to_string()))
    }
}
