s|^ *</configuration>|<op_defaults><meta_attributes id="od"><nvpair id="od-f" name="on-fail" value="ignore"/></meta_attributes></op_defaults>&|
s/id="vm1-mirror-demote" /&on-fail="fence" /
