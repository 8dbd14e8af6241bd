#include <arpa/inet.h>

#include <algorithm>
#include <string_view>

#include "covey/proto/channel.h"

namespace covey::channel {
namespace {

bool take_prefix(std::string_view& text, std::string_view prefix) {
  if (!text.starts_with(prefix)) return false;
  text.remove_prefix(prefix.size());
  return true;
}

// Without the port: "host:port" or "[host]:port". Empty for anything else, such as gRPC's lists of
// addresses.
std::string_view host_of(std::string_view address) {
  const bool is_bracketed = take_prefix(address, "[");
  const std::size_t end = is_bracketed ? address.find("]:") : address.rfind(':');
  if (end == address.npos) return {};
  const std::string_view port = address.substr(end + (is_bracketed ? 2 : 1));
  const auto is_digit = [](char c) { return c >= '0' && c <= '9'; };
  return std::ranges::all_of(port, is_digit) ? address.substr(0, end) : std::string_view();
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
