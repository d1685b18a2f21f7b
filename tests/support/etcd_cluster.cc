#include "tests/support/etcd_cluster.h"

#include <unistd.h>

#include <csignal>
#include <nlohmann/json.hpp>
#include <stdexcept>

#include "tests/support/connection.h"

namespace tsmtp::support {
namespace {

constexpr char kEtcd[] = "/usr/bin/etcd";
constexpr char kEtcdctl[] = "/usr/bin/etcdctl";
constexpr char kOpenssl[] = "/usr/bin/openssl";

bool knows_no_fsync() {
  static const bool knows = run({kEtcd, "--help"}).output.find("--unsafe-no-fsync") != std::string::npos;
  return knows;
}

void openssl(std::vector<std::string> arguments) {
  arguments.insert(arguments.begin(), kOpenssl);
  if (const Finished made = run(arguments); made.status != 0)
    throw std::runtime_error("openssl: " + made.output);
}

std::string joined(const std::vector<std::string>& texts) {
  std::string out;
  for (const std::string& text : texts)
    out += (out.empty() ? "" : ",") + text;
  return out;
}

}  // namespace

bool EtcdCluster::is_installed() {
  return access(kEtcd, X_OK) == 0 && access(kEtcdctl, X_OK) == 0;
}

EtcdCluster::EtcdCluster(Options options) : options_(std::move(options)) {
  if (options_.security != Security::kClear) {
    make_authority("ca");
    make_certificate("server", "DNS:localhost,IP:127.0.0.1");
    make_certificate("client", "DNS:relayd");
  }
  for (std::size_t i = 0; i < options_.members; ++i)
    members_.push_back(
        {.name = "m" + std::to_string(i), .client_port = free_port(), .peer_port = free_port()});
  for (Member& member : members_)
    start(member);
  for (std::size_t i = 0; i < members_.size(); ++i)
    wait_until_serving(i);
}

std::string EtcdCluster::url(std::size_t member) const {
  return scheme() + "://127.0.0.1:" + std::to_string(port(member));
}

std::vector<std::string> EtcdCluster::urls() const {
  std::vector<std::string> all;
  for (std::size_t i = 0; i < members_.size(); ++i)
    all.push_back(url(i));
  return all;
}

std::string EtcdCluster::log(std::size_t member) const {
  return read_file(directory_.file(members_.at(member).name + ".log"));
}

std::size_t EtcdCluster::leader() {
  std::size_t found = 0;
  const bool has_leader = wait_until([&] {
    for (std::size_t i = 0; i < members_.size(); ++i) {
      if (!members_[i].process || members_[i].is_frozen) continue;
      auto arguments = ctl_arguments(url(i));
      arguments.insert(arguments.end(), {"--command-timeout=2s", "endpoint", "status", "-w", "json"});
      const auto json = nlohmann::json::parse(run(arguments).output, nullptr, false);
      if (!json.is_array() || json.empty()) continue;
      const auto& status = json[0]["Status"];
      if (status.value("leader", std::uint64_t{0}) == 0) continue;
      if (status["leader"] == status["header"]["member_id"]) {
        found = i;
        return true;
      }
    }
    return false;
  });
  if (!has_leader) throw std::runtime_error("etcd has no leader");
  return found;
}

void EtcdCluster::kill(std::size_t member) {
  members_.at(member).process.reset();
  members_[member].is_frozen = false;
}

void EtcdCluster::freeze(std::size_t member) {
  members_.at(member).process->signal(SIGSTOP);
  members_[member].is_frozen = true;
}

void EtcdCluster::thaw(std::size_t member) {
  members_.at(member).process->signal(SIGCONT);
  members_[member].is_frozen = false;
}

void EtcdCluster::restart(std::size_t member, bool is_awaited) {
  kill(member);
  start(members_.at(member));
  if (is_awaited) wait_until_serving(member);
}

void EtcdCluster::cut_quorum(std::size_t kept) {
  std::size_t left = members_.size();
  for (std::size_t i = 0; i < members_.size() && left * 2 > members_.size(); ++i) {
    if (i == kept) continue;
    kill(i);
    --left;
  }
}

void EtcdCluster::heal() {
  for (std::size_t i = 0; i < members_.size(); ++i) {
    if (!members_[i].process) {
      start(members_[i]);
    } else if (members_[i].is_frozen) {
      thaw(i);
    }
  }
  for (std::size_t i = 0; i < members_.size(); ++i)
    wait_until_serving(i);
}

Finished EtcdCluster::ctl(std::vector<std::string> arguments) const {
  auto all = ctl_arguments(joined(urls()));
  all.insert(all.end(), arguments.begin(), arguments.end());
  return run(all);
}

std::optional<std::string> EtcdCluster::value(const std::string& key) const {
  const Finished got = ctl({"get", key, "--print-value-only"});
  if (got.status != 0 || got.output.empty()) return {};
  return got.output.substr(0, got.output.size() - 1);
}

void EtcdCluster::make_authority(const std::string& name) const {
  openssl({"req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-days",
           "1", "-subj", "/CN=test " + name, "-keyout", file(name + ".key"), "-out", file(name + ".pem")});
}

void EtcdCluster::make_certificate(const std::string& name, const std::string& subject_names,
                                   const std::string& ca) const {
  openssl({"req", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes", "-subj",
           name == "client" ? "/CN=relayd" : "/CN=" + name, "-keyout", file(name + ".key"), "-out",
           file(name + ".csr")});
  write_file(file(name + ".ext"),
             "subjectAltName=" + subject_names + "\nextendedKeyUsage=serverAuth,clientAuth\n");
  openssl({"x509", "-req", "-in", file(name + ".csr"), "-CA", file(ca + ".pem"), "-CAkey", file(ca + ".key"),
           "-CAcreateserial", "-days", "1", "-extfile", file(name + ".ext"), "-out", file(name + ".pem")});
}

std::vector<std::string> EtcdCluster::arguments(const Member& member) const {
  const auto peer_url = [](const Member& one) { return "http://127.0.0.1:" + std::to_string(one.peer_port); };
  const std::string client_url = scheme() + "://127.0.0.1:" + std::to_string(member.client_port);
  std::vector<std::string> cluster;
  for (const Member& one : members_)
    cluster.push_back(one.name + "=" + peer_url(one));
  std::vector<std::string> all = {kEtcd,
                                  "--name=" + member.name,
                                  "--data-dir=" + directory_.file(member.name),
                                  "--listen-client-urls=" + client_url,
                                  "--advertise-client-urls=" + client_url,
                                  "--listen-peer-urls=" + peer_url(member),
                                  "--initial-advertise-peer-urls=" + peer_url(member),
                                  "--initial-cluster=" + joined(cluster),
                                  "--initial-cluster-token=" + directory_.path(),
                                  "--heartbeat-interval=50",
                                  "--election-timeout=500",
                                  "--pre-vote",
                                  "--logger=zap"};
  if (knows_no_fsync()) all.emplace_back("--unsafe-no-fsync");
  if (options_.quota_bytes != 0)
    all.push_back("--quota-backend-bytes=" + std::to_string(options_.quota_bytes));
  if (options_.security != Security::kClear) {
    all.push_back("--cert-file=" + file("server.pem"));
    all.push_back("--key-file=" + file("server.key"));
    all.push_back("--trusted-ca-file=" + file("ca.pem"));
  }
  if (options_.security == Security::kClientCertificates) all.emplace_back("--client-cert-auth");
  all.insert(all.end(), options_.more.begin(), options_.more.end());
  return all;
}

void EtcdCluster::start(Member& member) {
  member.is_frozen = false;
  member.process = std::make_unique<Process>(arguments(member), directory_.file(member.name + ".log"));
}

// A member serves when it has answered a read that a quorum has agreed to.
void EtcdCluster::wait_until_serving(std::size_t member) {
  auto arguments = ctl_arguments(url(member));
  arguments.insert(arguments.end(), {"--command-timeout=5s", "get", "is served"});
  const bool serves = wait_until([&] {
    if (!members_[member].process->running()) return true;
    const Finished got = run(arguments);
    return got.status == 0 || got.output.find("user name is empty") != std::string::npos ||
           got.output.find("permission denied") != std::string::npos;
  });
  if (!serves || !members_[member].process->running())
    throw std::runtime_error("etcd does not serve: " + log(member));
}

std::vector<std::string> EtcdCluster::ctl_arguments(const std::string& endpoints) const {
  std::vector<std::string> all = {"/usr/bin/env", "ETCDCTL_API=3", kEtcdctl, "--endpoints=" + endpoints};
  if (options_.security != Security::kClear) {
    all.push_back("--cacert=" + ca_file());
    all.push_back("--cert=" + client_certificate());
    all.push_back("--key=" + client_key());
  }
  return all;
}

}  // namespace tsmtp::support
