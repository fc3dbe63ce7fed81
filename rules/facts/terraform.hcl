# Relations between resources of smaller providers.

relation firewall {
  from = hcloud_server
  one  = hcloud_firewall_attachment.server_ids
}
relation firewall {
  from = digitalocean_droplet
  one  = digitalocean_firewall.droplet_ids
}
relation floating_addresses {
  from = hcloud_server
  many = [hcloud_floating_ip.server_id, hcloud_floating_ip_assignment.server_id]
}
