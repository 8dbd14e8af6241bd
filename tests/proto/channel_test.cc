#include "proto/grpc_world.h"
#include "support/catch.h"

namespace covey::testing {
namespace {

TEST_CASE("without TLS only this machine may connect", "[grpc]") {
  for (const char* address :
       {"127.0.0.1:1", "127.8.8.8:1", "[::1]:50051", "localhost:1", "unix:/run/a.sock",
        "unix-abstract:a", "dns:///localhost:1", "ipv4:127.0.0.1:1", "ipv6:[::1]:1"}) {
    INFO(address);
    CHECK(channel::check_loopback(address).has_value());
    CHECK(channel::open_insecure_channel(address).has_value());
    CHECK(channel::insecure_server_credentials(address).has_value());
  }
  for (const char* address :
       {"", ":1", "ipv6:[::1]:80,[2001:db8::1]:80", "127.0.0.1:80,10.0.0.1:80", "0.0.0.0:1",
        "[::]:1", "10.0.0.1:1", "example.org:1", "127.0.0.1.example.org:1",
        "localhost.example.org:1", "ipv4:127.0.0.1:1,10.0.0.1:1", "ipv4:10.0.0.1:1,127.0.0.1:1",
        "[::ffff:10.0.0.1]:1", "dns://10.0.0.1/localhost:1", "vsock:1:1"}) {
    INFO(address);
    const auto refused = channel::check_loopback(address);
    REQUIRE_FALSE(refused.has_value());
    CHECK(refused.error().message.find("127.0.0.1") != std::string::npos);
    CHECK_FALSE(channel::open_insecure_channel(address).has_value());
    CHECK_FALSE(channel::insecure_server_credentials(address).has_value());
  }
}

TEST_CASE("nobody is known on a channel without TLS", "[grpc]") {
  const auto root = authority_of(1);
  const Server server(coordinator_of(root, root).authorities_pem,
                      channel::insecure_server_credentials("127.0.0.1:0").value());
  const auto answer = call(channel::open_insecure_channel(server.address()).value());
  REQUIRE_FALSE(answer.has_value());
  CHECK(answer.error().code == ErrorCode::kUnauthenticated);
}

TEST_CASE("a message of the largest size passes and a larger one does not", "[grpc]") {
  const auto root = authority_of(1);
  const Server server(coordinator_of(root, root));
  const auto open =
      channel::open_tls_channel(server.address(), "coordinator.test", device_of(root, root))
          .value();
  CHECK(call(open, channel::kMaxMessageBytes).has_value());
  const auto refused = call(open, channel::kMaxMessageBytes + 1);
  REQUIRE_FALSE(refused.has_value());
  CHECK(refused.error().code == ErrorCode::kResourceExhausted);
}

TEST_CASE("every code survives the way through gRPC", "[grpc]") {
  CHECK(channel::from_grpc(channel::to_grpc(Status())).has_value());
  for (int code = 1; code <= 16; ++code) {
    const auto back =
        channel::from_grpc(channel::to_grpc(Error{static_cast<ErrorCode>(code), "why"}));
    REQUIRE_FALSE(back.has_value());
    CHECK(static_cast<int>(back.error().code) == code);
  }
}

TEST_CASE("a peer is not told what went wrong inside", "[grpc]") {
  CHECK(channel::to_grpc(Error{ErrorCode::kInternal, "disk 3"}).error_message().empty());
  CHECK(channel::to_grpc(Error{ErrorCode::kNotFound, "no such task"}).error_message() ==
        "no such task");
}

TEST_CASE("a peer's message is cut and has nothing that a terminal would obey", "[grpc]") {
  const auto read = channel::from_grpc(
      grpc::Status(grpc::StatusCode::ABORTED, "\x1b[31mred\n\xc3\xa9" + std::string(1000, 'a')));
  CHECK(read.error().message.size() == 200);
  CHECK(read.error().message.starts_with("?[31mred???aaa"));
}

}  // namespace
}  // namespace covey::testing
