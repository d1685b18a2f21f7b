#include "relayd/control/metrics_page.h"

#include <fmt/format.h>

#include <algorithm>

#include "relayd/control/status_html.h"

namespace tsmtp::control {
namespace {

char lower(char c) {
  return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c;
}

/// The value of a field of the header, without blanks around it; empty if it has none.
std::string_view value_of(std::string_view header, std::string_view name) {
  for (std::size_t at = header.find("\r\n"); at != header.npos; at = header.find("\r\n", at + 2)) {
    const std::string_view line = header.substr(at + 2, header.find("\r\n", at + 2) - at - 2);
    const bool is_it = line.size() > name.size() && line[name.size()] == ':' &&
                       std::equal(name.begin(), name.end(), line.begin(),
                                  [](char a, char b) { return lower(a) == lower(b); });
    if (!is_it) continue;
    std::string_view value = line.substr(name.size() + 1);
    while (value.starts_with(' ') || value.starts_with('\t'))
      value.remove_prefix(1);
    return value;
  }
  return {};
}

bool is_address(std::string_view host) {
  if (host.empty() || host.starts_with('[')) return true;
  const std::string_view name = host.substr(0, host.find(':'));
  return name == "localhost" || name.find_first_not_of("0123456789.") == name.npos;
}

std::string answer(std::string_view status, std::string_view type, std::string_view more,
                   const std::string& body) {
  return fmt::format(
             "HTTP/1.1 {}\r\nContent-Type: {}\r\nX-Content-Type-Options: nosniff\r\nCache-Control: "
             "no-store\r\n{}Connection: close\r\nContent-Length: {}\r\n\r\n",
             status, type, more, body.size()) +
         body;
}

std::string in_words(std::string_view status, const std::string& body) {
  return answer(status, "text/plain; charset=utf-8", "", body);
}

}  // namespace

std::optional<std::string> metrics_page(std::string_view received, const Pages& pages) {
  const std::size_t end = received.find("\r\n\r\n");
  if (end == std::string_view::npos) return {};
  const std::string_view header = received.substr(0, end);
  if (header.starts_with("GET /metrics ")) {
    const MetricsFormat format = metrics_format(value_of(header, "Accept"));
    return answer("200 OK", content_type(format), "Vary: Accept\r\n", pages.metrics(format));
  }
  if (!header.starts_with("GET / ")) return in_words("404 Not Found", "look at / or /metrics\n");
  if (!is_address(value_of(header, "Host")))
    return in_words("421 Misdirected Request", "ask for this page by its address, or as localhost\n");
  return answer("200 OK", "text/html; charset=utf-8",
                fmt::format("Content-Security-Policy: {}; frame-ancestors 'none'\r\n", kPagePolicy),
                pages.status());
}

}  // namespace tsmtp::control
