// Who relayd is on this host, and whether its files are that user's and nobody else's.
#include <set>

#include "relayd/base/bytes.h"
#include "relayd/diagnosis/hub/checks.h"
#include "relayd/diagnosis/hub/places.h"

namespace tsmtp::diagnosis {
namespace {

using Kind = FileFact::Kind;

constexpr unsigned kOthersWrite = 02;
constexpr unsigned kGroupWrite = 020;
constexpr unsigned kOthersAll = 07;
constexpr unsigned kNotOwner = 077;
constexpr unsigned kSticky = 01000;

std::string octal(unsigned mode) {
  std::string out = "0";
  for (int shift = 6; shift >= 0; shift -= 3)
    out += static_cast<char>('0' + (mode >> static_cast<unsigned>(shift) & 7U));
  return out;
}

std::string folder_of(const std::string& path) {
  const std::size_t slash = path.rfind('/');
  return slash == 0 ? "/" : path.substr(0, slash);
}

/// The judgement of one file after the other.
class Permissions {
 public:
  Permissions(const HubFacts& facts, Report& report)
      : facts_(facts), report_(report), user_(facts.user ? facts.user->name : "root") {}

  void configuration() {
    for (const std::string& path : facts_.config_files) {
      not_writable(path);
      not_writable(folder_of(path));
    }
    for (const auto& [path, cause] : facts_.unreadable)
      report_.wrong(path, "relayd, which is user " + user_ + ", cannot read it: " + cause,
                    "let that user read it, and pass through the directories above it: chmod o+r " + path +
                        ", or chgrp to its group");
  }

  void secret(const std::string& path, const char* what) {
    const FileFact* const file = file_at(facts_, path);
    if (path.empty() || file == nullptr || file->kind != Kind::kFile) return;
    if ((file->mode & kOthersAll) != 0)
      report_.wrong(
          path,
          std::string(what) + " may be used by every user of this host (mode " + octal(file->mode) + ")",
          "chmod 600 " + path);
  }

  void state() {
    const std::string& path = facts_.hub.state_dir;
    const auto found = facts_.files.find(path);
    if (found == facts_.files.end()) return;
    const FileFact& dir = found->second;
    if (dir.kind == Kind::kAbsent) {
      if (status_of(facts_) != nullptr)
        report_.wrong(path, "the directory of relayd's state is gone while relayd runs",
                      "put it back from your backup, or make it: install -d -o " + user_ + " -m 700 " + path +
                          "; then restart relayd");
      return;
    }
    if (dir.kind != Kind::kDirectory) {
      report_.wrong(path, "it is no directory, and relayd keeps its state there",
                    "move it away, restart relayd");
      return;
    }
    if ((dir.mode & kNotOwner) != 0)
      report_.wrong(path, "others than relayd may look into its state (mode " + octal(dir.mode) + ")",
                    "chmod 700 " + path);
    owned(path, dir, "chown " + user_ + ' ' + path);
    for (auto file = facts_.files.lower_bound(path + '/');
         file != facts_.files.end() && file->first.starts_with(path + '/'); ++file)
      owned(file->first, file->second, "chown -R " + user_ + ' ' + path);
  }

  void control() {
    const std::string& path = facts_.hub.control;
    const auto found = facts_.files.find(path);
    if (found == facts_.files.end() || found->second.kind != Kind::kSocket) return;
    if ((found->second.mode & kNotOwner) != 0)
      report_.wrong(
          path,
          "others than relayd's user and root may give it orders (mode " + octal(found->second.mode) + ")",
          "chmod 600 " + path);
    // A socket of another user's is none of relayd's.
    owned(path, found->second, "restart relayd");
  }

  void sites_folder() {
    for (const auto& [path, file] : facts_.files) {
      if (file.kind != Kind::kDirectory || !path.ends_with("/sites.d")) continue;
      not_writable(path);
      if (!is_users(file) && facts_.user)
        report_.warning(path,
                        "relayd, which is user " + user_ +
                            ", may not make sites here: `relayctl join` and `invite` would fail",
                        "chown " + user_ + ' ' + path);
    }
  }

  void not_writable(const std::string& path) {
    const FileFact* const file = file_at(facts_, path);
    if (file == nullptr || told_.contains(path)) return;
    const bool by_others = (file->mode & kOthersWrite) != 0 && (file->mode & kSticky) == 0;
    if (by_others || (file->kind == Kind::kFile && (file->mode & kGroupWrite) != 0)) {
      report_.wrong(path,
                    "others than its owner may write it (mode " + octal(file->mode) + ')' +
                        (file->kind == Kind::kDirectory ? ", and so replace what is in it" : ""),
                    "chmod go-w " + path);
      told_.insert(path);
    }
  }

 private:
  [[nodiscard]] bool is_users(const FileFact& file) const {
    return !facts_.user || file.uid == facts_.user->uid;
  }

  void owned(const std::string& path, const FileFact& file, const std::string& remedy) {
    if (!is_users(file) && file.kind != Kind::kAbsent)
      report_.wrong(path, "it belongs to " + file.owner + ", and relayd is user " + user_, remedy);
  }

  const HubFacts& facts_;
  Report& report_;
  std::string user_;
  std::set<std::string> told_;
};

}  // namespace

void check_user(const HubFacts& facts, Report& report) {
  if (!facts.user_trouble.empty())
    report.wrong(config_place(facts, "user"), facts.user_trouble,
                 "useradd --system --home-dir /var/lib/tsmtp --shell /usr/sbin/nologin tsmtp; or correct it");
  if (facts.relayd && facts.relayd->uid == 0)
    report.warning("process " + std::to_string(facts.relayd->pid), "relayd runs as root",
                   "write user = \"tsmtp\" into [hub], or use the service files that come with tsmtp; then "
                   "restart relayd");
  else if (facts.relayd && facts.user && facts.relayd->uid != facts.user->uid)
    report.wrong("process " + std::to_string(facts.relayd->pid),
                 "relayd runs as " + facts.relayd->user + ", and hub.user is " + facts.user->name,
                 "let the service and hub.user name the same user, then restart relayd");
}

void check_permissions(const HubFacts& facts, Report& report) {
  Permissions permissions(facts, report);
  permissions.configuration();
  permissions.sites_folder();
  permissions.secret(facts.hub.identity, "this hub's private key");
  permissions.secret(facts.ledger.files.password, "the password for etcd");
  permissions.secret(facts.ledger.files.key, "the key for etcd");
  for (const settings::Site& site : facts.sites)
    permissions.secret(site.link.proxy_password_file, "the proxy's password");
  permissions.state();
  permissions.control();
}

}  // namespace tsmtp::diagnosis
