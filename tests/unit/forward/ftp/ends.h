// One end of a control connection in a test, with bytes as strings.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <utility>

#include "relayd/forward/ftp/far_end.h"
#include "relayd/forward/ftp/near_end.h"
#include "tests/unit/forward/ftp/told_host.h"

namespace tsmtp::forward::ftp {

/// What an end sent because of an event; `error` if that ended the connection.
struct Sent {
  std::string to_host{};
  std::string to_link{};
  std::string error{};
};

template <typename End>
Sent host_says(End& end, std::string_view bytes) {
  ProtocolOutput out;
  const auto result = end.from_host(bytes, out);
  return {out.to_host, out.to_link, result ? "" : result.error().message};
}
template <typename End>
Sent link_says(End& end, std::string_view bytes) {
  ProtocolOutput out;
  const auto result = end.from_link(bytes, out);
  return {out.to_host, out.to_link, result ? "" : result.error().message};
}

/// The client is 127.0.0.9, or ::9.
struct Near {
  explicit Near(bool v6 = false)
      : host(v6 ? "::1" : "127.0.0.1"),
        end({.own = v6 ? "::1" : "127.0.0.1", .peer = v6 ? "::9" : "127.0.0.9"}, host) {}
  Sent client(std::string_view bytes) { return host_says(end, bytes); }
  Sent link(std::string_view bytes) { return link_says(end, bytes); }
  Near& greeted() {
    EXPECT_EQ(link("220 hello\r\n").to_host, "220 hello\r\n");
    return *this;
  }
  ToldHost host;
  NearEnd end;
};

/// The server is 192.0.2.7, or 2001:db8::7.
struct Far {
  explicit Far(FarPolicy policy = {}, bool v6 = false)
      : host(v6 ? "2001:db8::1" : "192.0.2.1"),
        end({.own = v6 ? "2001:db8::1" : "192.0.2.1", .peer = v6 ? "2001:db8::7" : "192.0.2.7"},
            std::move(policy), host, transfers) {}
  Sent server(std::string_view bytes) { return host_says(end, bytes); }
  Sent link(std::string_view bytes) { return link_says(end, bytes); }
  Far& greeted() {
    EXPECT_EQ(server("220 hello\r\n").to_link, "220 hello\r\n");
    return *this;
  }
  ToldHost host;
  Transfers transfers;
  FarEnd end;
};

}  // namespace tsmtp::forward::ftp
