// The driver of a control connection's end as tests want it: it remembers what it was told.
#pragma once

#include <string>
#include <vector>

#include "relayd/forward/ftp/ftp_host.h"

namespace tsmtp::forward::ftp {

class ToldHost : public FtpHost {
 public:
  explicit ToldHost(std::string own) : own_(std::move(own)) {}

  [[nodiscard]] base::Result<base::HostPort> listen(Token token) override {
    if (has_no_port) return base::Error{"no port"};
    told.push_back("listen " + std::to_string(token));
    return base::HostPort{.host = own_, .port = next_port++, .unix_path = {}};
  }
  void expect(Token token, const base::HostPort& where) override {
    told.push_back("expect " + std::to_string(token) + ' ' + where.to_string());
  }
  void forget(Token token) override { told.push_back("forget " + std::to_string(token)); }
  void refused(const std::string& what) override { refusals.push_back(what); }

  std::vector<std::string> told{};
  std::vector<std::string> refusals{};
  bool has_no_port = false;
  std::uint16_t next_port = 40000;

 private:
  std::string own_;
};

}  // namespace tsmtp::forward::ftp
