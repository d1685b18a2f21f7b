#include "relayd/control/metrics_page.h"

namespace tsmtp::control {

std::optional<std::string> metrics_page(std::string_view received,
                                        const std::function<std::string()>& metrics) {
  if (received.find("\r\n\r\n") == std::string_view::npos) return {};
  const bool is_known = received.starts_with("GET /metrics ") || received.starts_with("GET / ");
  const std::string body = is_known ? metrics() : "look at /metrics\n";
  return std::string(is_known ? "HTTP/1.1 200 OK\r\n" : "HTTP/1.1 404 Not Found\r\n") +
         "Content-Type: text/plain; version=0.0.4; charset=utf-8\r\nConnection: close\r\nContent-Length: " +
         std::to_string(body.size()) + "\r\n\r\n" + body;
}

}  // namespace tsmtp::control
