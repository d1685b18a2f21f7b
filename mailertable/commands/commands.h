// The subcommands. Each reads its own arguments, argv[0] being its name, and returns an exit status of
// sysexits(3).
#pragma once

namespace tsmtp::mailertable {

/// mailertable build [-t hash|btree] [-o DB] FILE...
int run_build(int argc, char** argv);

/// mailertable check FILE...
int run_check(int argc, char** argv);

/// mailertable resolve TABLE NAME...: 1 when a name has no answer
int run_resolve(int argc, char** argv);

/// mailertable dump DB
int run_dump(int argc, char** argv);

/// mailertable diff OLD NEW: exit statuses are those of diff(1)
int run_diff(int argc, char** argv);

/// mailertable fmt [-i] FILE
int run_fmt(int argc, char** argv);

/// mailertable generate --relayd FILE, or --ldap URL
int run_generate(int argc, char** argv);

/// mailertable hosts --relayd FILE
int run_hosts(int argc, char** argv);

/// mailertable domains [FILE]
int run_domains(int argc, char** argv);

/// mailertable makemap ..., with makemap's arguments and its exit statuses
int run_makemap(int argc, char** argv);

}  // namespace tsmtp::mailertable
