#include <future>
#include <thread>

#include "coordinator/grpc/blob_parts.h"
#include "covey/crypto/digest.h"
#include "grpc/grpc_world.h"
#include "support/catch.h"

using namespace covey;
using namespace covey::testing;

namespace {

struct FetchWorld : GrpcWorld {
  using GrpcWorld::GrpcWorld;
  void serve(std::shared_ptr<const coordinator::BlobReader> blob) {
    devices.on_open_blob = [this, blob](const Peer&, const Digest& digest, auto reply) {
      asked = digest;
      reply(blob);
    };
  }
  Digest asked{};
};

struct Sink {
  Bytes got;
  std::size_t parts = 0;
  std::function<Status(ByteView)> function() {
    return [this](ByteView part) -> Status {
      got.insert(got.end(), part.begin(), part.end());
      ++parts;
      return {};
    };
  }
};

using coordinator::kSentPartBytes;

const Bytes kBlob = some_bytes(2 * federation::kPartBytes + 77);
const Digest kDigest = crypto::sha256(kBlob);

TEST_CASE("a blob is fetched in parts, from any offset on", "[grpc]") {
  FetchWorld world;
  world.serve(std::make_shared<MemoryBlob>(kBlob));
  const auto transport = world.transport();
  for (const std::uint64_t offset :
       {std::uint64_t{0}, std::uint64_t{1}, std::uint64_t{kBlob.size() - 1},
        std::uint64_t{kBlob.size()}}) {
    Sink sink;
    CHECK(transport->fetch(kDigest, offset, sink.function()).has_value());
    CHECK(sink.got == Bytes(kBlob.begin() + static_cast<std::ptrdiff_t>(offset), kBlob.end()));
    CHECK(sink.parts == (kBlob.size() - offset + kSentPartBytes - 1) / kSentPartBytes);
    CHECK(world.asked == kDigest);
  }
}

TEST_CASE("a fetch that was cut goes on where it stopped", "[grpc]") {
  FetchWorld world;
  world.serve(std::make_shared<MemoryBlob>(kBlob, federation::kPartBytes + 5));
  const auto transport = world.transport();
  Sink sink;
  CHECK(transport->fetch(kDigest, 0, sink.function()).error().code == ErrorCode::kUnavailable);
  CHECK(sink.got.size() == federation::kPartBytes);
  world.serve(std::make_shared<MemoryBlob>(kBlob));
  CHECK(transport->fetch(kDigest, sink.got.size(), sink.function()).has_value());
  CHECK(sink.got == kBlob);
}

TEST_CASE("a fetch past the end or of an unknown blob fails by name", "[grpc]") {
  FetchWorld world;
  world.serve(std::make_shared<MemoryBlob>(kBlob));
  const auto transport = world.transport();
  Sink sink;
  CHECK(transport->fetch(kDigest, kBlob.size() + 1, sink.function()).error().code ==
        ErrorCode::kOutOfRange);
  world.devices.on_open_blob = [](const Peer&, const Digest&, auto reply) {
    reply(Error{ErrorCode::kNotFound, "no such blob"});
  };
  CHECK(transport->fetch(kDigest, 0, sink.function()).error().code == ErrorCode::kNotFound);
  CHECK(sink.got.empty());
}

TEST_CASE("an error of the sink ends the fetch with it, and the next call works", "[grpc]") {
  FetchWorld world;
  world.serve(std::make_shared<MemoryBlob>(kBlob));
  const auto transport = world.transport();
  const auto full = [](ByteView) -> Status {
    return Error{ErrorCode::kResourceExhausted, "the disk is full"};
  };
  const Status status = transport->fetch(kDigest, 0, full);
  CHECK(status.error().message == "the disk is full");
  Sink sink;
  CHECK(transport->fetch(kDigest, 0, sink.function()).has_value());
  CHECK(sink.got == kBlob);
}

TEST_CASE("a fetch can be cancelled between two parts", "[grpc]") {
  FetchWorld world;
  world.serve(std::make_shared<MemoryBlob>(kBlob));
  const auto transport = world.transport();
  std::size_t parts = 0;
  const auto cancelling = [&](ByteView) -> Status {
    ++parts;
    transport->cancel();
    return {};
  };
  CHECK(transport->fetch(kDigest, 0, cancelling).error().code == ErrorCode::kCancelled);
  CHECK(parts == 1);
}

TEST_CASE("no more bytes are under way than the coordinator allows", "[grpc]") {
  FetchWorld world([](auto& options) { options.max_bytes_in_flight = kSentPartBytes; });
  Parked<std::shared_ptr<const coordinator::BlobReader>> parked;
  world.devices.on_open_blob = [&](const Peer&, const Digest&, auto reply) { parked.put(reply); };
  const auto first = world.transport();
  const auto second = connect(world.options("device-8", 8));
  Sink sink;
  auto fetch =
      std::async(std::launch::async, [&] { return first->fetch(kDigest, 0, sink.function()); });
  const auto open = parked.take();

  Sink none;
  CHECK(second->fetch(kDigest, 0, none.function()).error().code == ErrorCode::kResourceExhausted);
  const federation::GroupId group{.round = {.task = "digits", .round = 1}, .group = 0};
  CHECK(second->send(group, some_bytes(1)).error().code == ErrorCode::kResourceExhausted);
  world.devices.on_receive = [](const Peer&, auto, auto reply) {
    reply(federation::ReceiveReply(federation::GroupMessage{.epoch = 1, .message = some_bytes(1)}));
  };
  CHECK(second->receive({.group = group, .epoch = 0, .seen = {}}).error().code ==
        ErrorCode::kResourceExhausted);

  open(std::shared_ptr<const coordinator::BlobReader>(std::make_shared<MemoryBlob>(kBlob)));
  CHECK(fetch.get().has_value());
  CHECK(sink.got == kBlob);
}

TEST_CASE("a reader that takes nothing is cut off", "[grpc]") {
  FetchWorld world([](auto& options) { options.idle = std::chrono::milliseconds(100); });
  // More than sockets and HTTP/2 hold, so that the coordinator has to wait for this reader; which
  // waits until the coordinator lets go of the blob.
  auto blob = std::make_shared<MemoryBlob>(some_bytes(std::size_t{32} << 20));
  const std::weak_ptr<MemoryBlob> watched = blob;
  const std::uint64_t size_bytes = blob->size_bytes();
  world.devices.on_open_blob = [&](const Peer&, const Digest&, auto reply) {
    reply(std::shared_ptr<const coordinator::BlobReader>(std::move(blob)));
  };
  std::uint64_t got = 0;
  const Status status = world.transport()->fetch(kDigest, 0, [&](ByteView part) -> Status {
    got += part.size();
    while (!watched.expired()) std::this_thread::yield();
    return {};
  });
  CHECK(status.error().code == ErrorCode::kUnavailable);
  CHECK(got < size_bytes);
}

}  // namespace
