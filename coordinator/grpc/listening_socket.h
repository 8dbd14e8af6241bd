#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "coordinator/grpc/connection_book.h"
#include "covey/base/result.h"

struct sockaddr_storage;

namespace covey::coordinator {

// A descriptor that is closed in the end.
class Descriptor {
 public:
  explicit Descriptor(int number) : number_(number) {}
  Descriptor(Descriptor&& other) noexcept;
  Descriptor& operator=(Descriptor&& other) noexcept;
  ~Descriptor();
  int number() const { return number_; }

 private:
  int number_;  // -1: none
};

struct ListeningSockets {
  std::vector<Descriptor> sockets;  // non-blocking
  std::uint16_t port = 0;           // the same of all
};

// Listens on "host:port", "[host]:port" or, with any scheme of gRPC's before it, the same; on every
// address that the host has, and for 0.0.0.0 on IPv6 too. Port 0: any free one. kUnavailable when
// that cannot be.
Result<ListeningSockets> listen_on(const std::string& address);

PeerAddress peer_address(const sockaddr_storage& address);
// As gRPC writes it: "ipv4:192.0.2.1:50051", "ipv6:%5B::1%5D:50051". None for other kinds.
std::optional<PeerAddress> peer_address(std::string_view grpc_text);

}  // namespace covey::coordinator
