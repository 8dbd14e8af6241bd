#include "coordinator/grpc/listening_socket.h"

#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <sys/socket.h>
#include <unistd.h>

#include <algorithm>
#include <charconv>
#include <cstring>
#include <memory>
#include <utility>

namespace covey::coordinator {
namespace {

struct HostAndPort {
  std::string host;
  std::string port;
};

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

std::optional<HostAndPort> split(std::string_view text) {
  for (const std::string_view scheme : {"dns:///", "dns:", "ipv4:", "ipv6:"}) {
    if (take_prefix(text, scheme)) break;
  }
  const std::size_t colon = text.rfind(':');
  if (colon == text.npos) return std::nullopt;
  std::string_view host = text.substr(0, colon);
  if (take_prefix(host, "[")) {
    if (!host.ends_with(']')) return std::nullopt;
    host.remove_suffix(1);
  }
  return HostAndPort{std::string(host), std::string(text.substr(colon + 1))};
}

std::array<std::uint8_t, 16> mapped(const in_addr& v4) {
  std::array<std::uint8_t, 16> host{};
  host[10] = host[11] = 0xff;
  std::memcpy(host.data() + 12, &v4, sizeof(v4));
  return host;
}

std::array<std::uint8_t, 16> bytes_of(const in6_addr& v6) {
  std::array<std::uint8_t, 16> host{};
  std::memcpy(host.data(), &v6, sizeof(v6));
  return host;
}

void set_port(addrinfo& at, std::uint16_t port) {
  if (at.ai_family == AF_INET6) {
    reinterpret_cast<sockaddr_in6*>(at.ai_addr)->sin6_port = htons(port);
  } else {
    reinterpret_cast<sockaddr_in*>(at.ai_addr)->sin_port = htons(port);
  }
}

// Two coordinators on one port would each get half of the devices: no SO_REUSEPORT.
std::optional<Descriptor> listen_at(const addrinfo& at) {
  Descriptor socket(::socket(at.ai_family, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0));
  if (socket.number() < 0) return std::nullopt;
  const int on = 1;
  const int off = 0;
  setsockopt(socket.number(), SOL_SOCKET, SO_REUSEADDR, &on, sizeof(on));
  if (at.ai_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6*>(at.ai_addr)->sin6_addr;
    const bool is_any = IN6_IS_ADDR_UNSPECIFIED(&v6);
    setsockopt(socket.number(), IPPROTO_IPV6, IPV6_V6ONLY, is_any ? &off : &on, sizeof(on));
  }
  const bool is_listening = bind(socket.number(), at.ai_addr, at.ai_addrlen) == 0 &&
                            ::listen(socket.number(), SOMAXCONN) == 0;
  return is_listening ? std::optional(std::move(socket)) : std::nullopt;
}

std::uint16_t port_of(int socket) {
  sockaddr_storage address{};
  socklen_t size = sizeof(address);
  if (getsockname(socket, reinterpret_cast<sockaddr*>(&address), &size) != 0) return 0;
  return peer_address(address).port;
}

// False when one of the host's addresses is another program's; addresses of a kind that the machine
// does not have do not count.
bool listen_on_all(const std::string& host, const std::string& port, ListeningSockets& out) {
  addrinfo wanted{};
  wanted.ai_socktype = SOCK_STREAM;
  wanted.ai_flags = AI_PASSIVE | AI_NUMERICSERV;
  addrinfo* found = nullptr;
  if (getaddrinfo(host.empty() ? nullptr : host.c_str(), port.c_str(), &wanted, &found) != 0) {
    return false;
  }
  const std::unique_ptr<addrinfo, void (*)(addrinfo*)> addresses(found, freeaddrinfo);
  for (addrinfo* at = found; at != nullptr; at = at->ai_next) {
    if (out.port != 0) set_port(*at, out.port);  // of the first, where any free one was asked for
    if (auto socket = listen_at(*at)) {
      out.port = port_of(socket->number());
      out.sockets.push_back(std::move(*socket));
    } else if (errno == EADDRINUSE) {
      return false;
    }
  }
  return !out.sockets.empty() && out.port != 0;
}

}  // namespace

Descriptor::Descriptor(Descriptor&& other) noexcept : number_(std::exchange(other.number_, -1)) {}

Descriptor& Descriptor::operator=(Descriptor&& other) noexcept {
  std::swap(number_, other.number_);
  return *this;
}

Descriptor::~Descriptor() {
  if (number_ >= 0) ::close(number_);
}

Result<ListeningSockets> listen_on(const std::string& address) {
  const auto where = split(address);
  // 0.0.0.0 means every network, of IPv6 too where there is one.
  for (const bool is_dual : {true, false}) {
    if (!where || (is_dual && where->host != "0.0.0.0")) continue;
    ListeningSockets out;
    if (listen_on_all(is_dual ? "::" : where->host, where->port, out)) return out;
  }
  return Error{ErrorCode::kUnavailable,
               "cannot listen on " + address +
                   ": another program does, or this machine has no such address"};
}

PeerAddress peer_address(const sockaddr_storage& address) {
  if (address.ss_family == AF_INET6) {
    const auto& v6 = reinterpret_cast<const sockaddr_in6&>(address);
    return {bytes_of(v6.sin6_addr), ntohs(v6.sin6_port)};
  }
  if (address.ss_family == AF_INET) {
    const auto& v4 = reinterpret_cast<const sockaddr_in&>(address);
    return {mapped(v4.sin_addr), ntohs(v4.sin_port)};
  }
  return {};
}

std::optional<PeerAddress> peer_address(std::string_view grpc_text) {
  std::string text(grpc_text);  // with what a URI escapes as itself
  for (const auto& [escaped, plain] : {std::pair{"%5B", "["}, {"%5D", "]"}, {"%25", "%"}}) {
    const std::size_t at = text.find(escaped);
    if (at != text.npos) text.replace(at, 3, plain);
  }
  auto where = split(text);
  if (!where) return std::nullopt;
  where->host = where->host.substr(0, where->host.find('%'));  // of which interface it is
  PeerAddress out;
  const char* const end = where->port.data() + where->port.size();
  if (std::from_chars(where->port.data(), end, out.port).ptr != end) return std::nullopt;
  in_addr v4;
  in6_addr v6;
  if (inet_pton(AF_INET, where->host.c_str(), &v4) == 1) {
    out.host = mapped(v4);
  } else if (inet_pton(AF_INET6, where->host.c_str(), &v6) == 1) {
    out.host = bytes_of(v6);
  } else {
    return std::nullopt;
  }
  return out;
}

}  // namespace covey::coordinator
