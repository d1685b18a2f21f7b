#include "relayd/diagnosis/host/machine.h"

#include <pwd.h>
#include <sys/statvfs.h>
#include <sys/timex.h>
#include <unistd.h>

#include <algorithm>
#include <array>
#include <climits>
#include <cstdlib>

#include "mailertable/programs/run_program.h"
#include "relayd/diagnosis/hub/cf_reading.h"
#include "relayd/diagnosis/hub/places.h"

namespace tsmtp::diagnosis {
namespace {

bool is_in_container(const Root& root) {
  return root.is_there("/run/.containerenv") || root.is_there("/.dockerenv") ||
         root.is_there("/run/systemd/container") ||
         root.read("/proc/1/environ").value_or("").find("container=") != std::string::npos;
}

void look_at_clock(const Root& root, HubFacts& facts) {
  if (!root.is_this_host() || is_in_container(root)) return;
  timex clock{};
  const int state = ::adjtimex(&clock);
  if (state >= 0) facts.clock_is_synchronised = state != TIME_ERROR && (clock.status & STA_UNSYNC) == 0;
}

void look_at_disk(const Root& root, const std::string& path, const std::string& purpose, HubFacts& facts) {
  struct statvfs disk {};
  if (path.empty() || ::statvfs(root.real(path).c_str(), &disk) != 0) return;
  facts.disks.push_back({.path = path,
                         .purpose = purpose,
                         .bytes_total = disk.f_blocks * disk.f_frsize,
                         .bytes_free = disk.f_bavail * disk.f_frsize,
                         .inodes_total = disk.f_files,
                         .inodes_free = disk.f_favail,
                         .is_read_only = (disk.f_flag & ST_RDONLY) != 0});
}

bool is_linked(const Root& root, const std::string& folder, const std::string& end_of_folder,
               const std::string& name) {
  const std::vector<std::string> names = root.list(folder);
  return std::any_of(names.begin(), names.end(), [&](const std::string& one) {
    return one.ends_with(end_of_folder) && !root.link(folder + '/' + one + '/' + name).empty();
  });
}

/// By the links of rc2.d to rc5.d.
bool is_in_runlevel(const Root& root, const std::string& name) {
  for (const char* const level : {"/etc/rc2.d", "/etc/rc3.d", "/etc/rc4.d", "/etc/rc5.d"})
    for (const std::string& one : root.list(level))
      if (one.starts_with('S') && one.size() > 3 && one.substr(3) == name) return true;
  return false;
}

void look_at_service(const Root& root, const std::string& name, HubFacts& facts) {
  const std::string unit = name + ".service";
  ServiceFact service{.name = name, .remedy = {}};
  if (root.is_there("/run/systemd/system")) {
    const bool has_unit = root.is_there("/etc/systemd/system/" + unit) ||
                          root.is_there("/usr/lib/systemd/system/" + unit) ||
                          root.is_there("/lib/systemd/system/" + unit);
    service.remedy = "systemctl enable " + name;
    service.start = "systemctl start " + name;
    if (root.link("/etc/systemd/system/" + unit) == "/dev/null") {
      service.is_enabled = false;
      service.remedy = "systemctl unmask " + name + " && systemctl enable --now " + name;
    } else if (has_unit) {
      service.is_enabled = is_linked(root, "/etc/systemd/system", ".wants", unit);
    } else if (root.is_there("/etc/init.d/" + name)) {
      service.is_enabled = is_in_runlevel(root, name);
    } else {
      return;
    }
  } else if (!root.is_there("/etc/init.d/" + name)) {
    return;
  } else if (root.is_there("/run/openrc/softlevel")) {
    service.is_enabled = is_linked(root, "/etc/runlevels", "", name);
    service.remedy = "rc-update add " + name;
    service.start = "rc-service " + name + " start";
  } else {
    service.is_enabled = is_in_runlevel(root, name);
    service.remedy = "update-rc.d " + name + " defaults";
    service.start = "service " + name + " start";
  }
  facts.services.push_back(std::move(service));
}

/// Only where somebody may be kept out: to read the rules loads the kernel's modules for them.
void look_at_packet_filter(HubFacts& facts) {
  if (!facts.as_root || facts.hub.listen.empty()) return;
  const std::vector<control::Json> sites = sites_in(facts);
  if (std::all_of(sites.begin(), sites.end(),
                  [](const control::Json& one) { return text_in(one, "state") == "up"; }))
    return;
  for (const std::vector<std::string>& command :
       {std::vector<std::string>{"timeout", "2", "nft", "list", "ruleset"},
        std::vector<std::string>{"timeout", "2", "iptables-save"}}) {
    const auto ran = mailertable::run_program(command, "");
    if (ran && ran->status == 0 && !ran->output.empty()) {
      facts.packet_filter = ran->output;
      return;
    }
  }
}

std::string host_name(const Root& root) {
  if (!root.is_this_host()) {
    std::string name = root.read("/etc/hostname").value_or("");
    return name.substr(0, name.find('\n'));
  }
  std::array<char, HOST_NAME_MAX + 1> name{};
  return ::gethostname(name.data(), name.size() - 1) == 0 ? name.data() : "";
}

}  // namespace

gid_t group_of(const UserFact& user) {
  const passwd* const found = ::getpwuid(user.uid);
  return found == nullptr ? user.uid : found->pw_gid;
}

void look_at_machine(const Root& root, HubFacts& facts) {
  facts.host_name = host_name(root);
  look_at_clock(root, facts);
  look_at_disk(root, facts.hub.state_dir, "relayd's state", facts);
  const auto cf = root.read(facts.cf_file);
  if (cf) look_at_disk(root, read_cf(*cf).queues.front(), "sendmail's queue", facts);
  look_at_disk(root, "/var/log", "the logs", facts);
  const std::string& audit = facts.hub.audit;
  if (audit.starts_with('/'))
    look_at_disk(root, audit.substr(0, audit.rfind('/')), "the audit record", facts);
  look_at_service(root, "relayd", facts);
  look_at_service(root, "tsmtp-endpoints", facts);
  if (cf) look_at_service(root, "sendmail", facts);
  if (!root.is_this_host()) return;
  look_at_packet_filter(facts);
  double load = 0;
  if (::getloadavg(&load, 1) == 1) facts.load = load;
  facts.processors = static_cast<unsigned>(std::max(1L, ::sysconf(_SC_NPROCESSORS_ONLN)));
}

}  // namespace tsmtp::diagnosis
