import java.io.FileInputStream;
import java.security.cert.CertPath;
import java.security.cert.CertPathValidator;
import java.security.cert.CertStore;
import java.security.cert.Certificate;
import java.security.cert.CertificateFactory;
import java.security.cert.CollectionCertStoreParameters;
import java.security.cert.PKIXParameters;
import java.security.cert.TrustAnchor;
import java.security.cert.X509Certificate;
import java.util.ArrayList;
import java.util.Collection;
import java.util.List;
import java.util.Set;

/** Judges a chain by Java's PKIX validator: root.pem chain.pem [list.pem ...]; with lists it looks into revocation. */
public class Verify {
  public static void main(String[] arguments) throws Exception {
    CertificateFactory factory = CertificateFactory.getInstance("X.509");
    X509Certificate root;
    try (FileInputStream file = new FileInputStream(arguments[0])) {
      root = (X509Certificate) factory.generateCertificate(file);
    }
    Collection<? extends Certificate> chain;
    try (FileInputStream file = new FileInputStream(arguments[1])) {
      chain = factory.generateCertificates(file);
    }
    List<Object> lists = new ArrayList<>();
    for (int i = 2; i < arguments.length; i++)
      try (FileInputStream file = new FileInputStream(arguments[i])) {
        lists.addAll(factory.generateCRLs(file));
      }
    PKIXParameters parameters = new PKIXParameters(Set.of(new TrustAnchor(root, null)));
    parameters.setRevocationEnabled(!lists.isEmpty());
    parameters.addCertStore(CertStore.getInstance("Collection", new CollectionCertStoreParameters(lists)));
    CertPath path = factory.generateCertPath(new ArrayList<>(chain));
    try {
      CertPathValidator.getInstance("PKIX").validate(path, parameters);
      System.out.println("yes " + ((X509Certificate) path.getCertificates().get(0)).getSubjectAlternativeNames());
    } catch (java.security.cert.CertPathValidatorException refused) {
      System.out.println("no: " + refused.getReason() + " " + refused.getMessage());
    }
  }
}
