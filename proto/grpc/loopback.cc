#include <arpa/inet.h>

#include <string_view>

#include "covey/proto/channel.h"

namespace covey::channel {
namespace {

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Without the port: "host:port" or "[host]:port".
std::string_view host_of(std::string_view address) {
  if (take_prefix(address, "[")) return address.substr(0, address.find("]:"));
  return address.substr(0, address.rfind(':'));
}

bool is_loopback_host(const std::string& host) {
  if (host == "localhost") return true;
  in_addr v4;
  if (inet_pton(AF_INET, host.c_str(), &v4) == 1) return ntohl(v4.s_addr) >> 24 == 127;
  in6_addr v6;
  return inet_pton(AF_INET6, host.c_str(), &v6) == 1 && IN6_IS_ADDR_LOOPBACK(&v6);
}

bool is_loopback(std::string_view address) {
  if (address.starts_with("unix:") || address.starts_with("unix-abstract:")) return true;
  for (const std::string_view scheme : {"dns:///", "dns:", "ipv4:", "ipv6:"}) {
    if (take_prefix(address, scheme)) break;
  }
  return is_loopback_host(std::string(host_of(address)));
}

}  // namespace

Status check_loopback(const std::string& address) {
  if (is_loopback(address)) return {};
  return invalid_argument(
      "without TLS only this machine may connect: expected 127.0.0.1, [::1] or localhost with a "
      "port, or unix:PATH, found another address; use one of these, or give certificates "
      "(`covey pki` makes them)");
}

}  // namespace covey::channel
