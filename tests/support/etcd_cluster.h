// Real members of etcd on loopback, each a process of its own: killed, stopped and started as the test says.
// Their data lie in a temporary directory and are never synced.
#pragma once

#include <chrono>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "tests/support/process.h"
#include "tests/support/temporary_directory.h"

namespace tsmtp::support {

class EtcdCluster {
 public:
  enum class Security {
    kClear,
    kTls,                 ///< the members have certificates for localhost and 127.0.0.1
    kClientCertificates,  ///< and ask clients for theirs
  };
  struct Options {
    std::size_t members = 1;
    Security security = Security::kClear;
    std::int64_t quota_bytes = 0;  ///< 0: etcd's own
    std::vector<std::string> more{};
  };

  /// Whether this machine has etcd and etcdctl.
  [[nodiscard]] static bool is_installed();

  /// Starts all members and waits until they serve.
  explicit EtcdCluster(Options options);
  EtcdCluster() : EtcdCluster(Options()) {}

  [[nodiscard]] std::size_t size() const { return members_.size(); }
  [[nodiscard]] std::uint16_t port(std::size_t member) const { return members_.at(member).client_port; }
  /// "http://127.0.0.1:40123"
  [[nodiscard]] std::string url(std::size_t member) const;
  [[nodiscard]] std::vector<std::string> urls() const;
  [[nodiscard]] std::string log(std::size_t member) const;
  /// The member that leads; waits until there is one.
  [[nodiscard]] std::size_t leader();

  void kill(std::size_t member);
  /// It keeps its port and connections, and does nothing (SIGSTOP).
  void freeze(std::size_t member);
  void thaw(std::size_t member);
  /// Starts a killed member on its old data; waits until it serves if `is_awaited`.
  void restart(std::size_t member, bool is_awaited = true);
  /// Kills as many members as it takes; those that are left serve nothing. Which: not `kept`.
  void cut_quorum(std::size_t kept = 0);
  /// Restarts and thaws all, and waits until all serve.
  void heal();

  /// etcdctl with the endpoints of all members and the client's files; "--user" and such as arguments.
  [[nodiscard]] Finished ctl(std::vector<std::string> arguments) const;
  /// By etcdctl: the value of one key.
  [[nodiscard]] std::optional<std::string> value(const std::string& key) const;

  // PEM files; with security only. The certificates are good for a day.
  [[nodiscard]] std::string ca_file() const { return directory_.file("ca.pem"); }
  /// Of the client, whose name is "relayd", by the same CA.
  [[nodiscard]] std::string client_certificate() const { return directory_.file("client.pem"); }
  [[nodiscard]] std::string client_key() const { return directory_.file("client.key"); }
  /// Makes NAME.pem and NAME.key by the CA `ca`, for `subject_names` ("DNS:localhost,IP:127.0.0.1").
  void make_certificate(const std::string& name, const std::string& subject_names,
                        const std::string& ca = "ca") const;
  /// Makes NAME.pem and NAME.key, a CA of its own.
  void make_authority(const std::string& name) const;
  [[nodiscard]] std::string file(const std::string& name) const { return directory_.file(name); }

 private:
  struct Member {
    std::string name;
    std::uint16_t client_port = 0;
    std::uint16_t peer_port = 0;
    bool is_frozen = false;
    std::unique_ptr<Process> process{};
  };

  [[nodiscard]] std::string scheme() const {
    return options_.security == Security::kClear ? "http" : "https";
  }
  [[nodiscard]] std::vector<std::string> arguments(const Member& member) const;
  void start(Member& member);
  void wait_until_serving(std::size_t member);
  [[nodiscard]] std::vector<std::string> ctl_arguments(const std::string& endpoints) const;

  Options options_;
  TemporaryDirectory directory_;
  std::vector<Member> members_;
};

}  // namespace tsmtp::support
