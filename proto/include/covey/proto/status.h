#pragma once

#include "covey/base/result.h"

namespace grpc {
class Status;
}

namespace covey::channel {

// Covey's errors as gRPC carries them, and back. The codes are numbered alike.

// What a peer is told: of a fault on one's own side no more than its code; the log has the rest.
grpc::Status to_grpc(const Error& error);
grpc::Status to_grpc(const Status& status);

// Ok stays ok. An error's message is gRPC's own or the peer's: it is cut to 200 characters of
// printable ASCII, and is for people only.
Status from_grpc(const grpc::Status& status);

}  // namespace covey::channel
